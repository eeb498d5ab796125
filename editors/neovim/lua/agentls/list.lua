--- The list of tasks: a buffer that is drawn again whenever the server tells a change.
local config = require('agentls.config')
local forecast = require('agentls.forecast')
local highlights = require('agentls.highlights')
local notify = require('agentls.notify')
local store = require('agentls.store')

local M = {}

local NAME = 'agentls://tasks'
local SPACE = vim.api.nvim_create_namespace('agentls.list')
local AGE_MS = 10000 -- the ages are drawn again so often
local SECTIONS = {
  { 'Needs you', { waiting = true, failed = true, interrupted = true } },
  { 'Ready for review', { review = true } },
  { 'At work', { checking = true, working = true, preparing = true } },
  { 'Queued', { queued = true } },
  { 'Done', { merged = true, discarded = true } },
}

---@type { buf?: integer, all: boolean, ids: table<integer, string>, due: boolean, timer?: uv.uv_timer_t }
local list = { all = false, ids = {}, due = false }

--- What the keys do: run a command with the task of the line.
---@type { action: string, says: string, run: string|fun() }[]
M.ACTIONS = {
  { action = 'show', says = 'review what is ready, else show the session' },
  { action = 'open', says = 'show the session and type into it', run = 'open' },
  { action = 'review', says = 'review the change', run = 'review' },
  { action = 'next', says = 'review the task that comes next', run = 'next' },
  { action = 'merge', says = 'merge', run = 'merge' },
  { action = 'send', says = 'tell the agent something', run = 'send' },
  { action = 'respond', says = 'answer what the agent asks', run = 'respond' },
  { action = 'rename', says = 'give it another title', run = 'rename' },
  { action = 'new', says = 'a new task', run = 'new' },
  { action = 'stop', says = 'stop the agent', run = 'stop' },
  { action = 'resume', says = 'resume the conversation', run = 'resume' },
  { action = 'discard', says = 'discard', run = 'discard' },
  { action = 'restore', says = 'restore what was discarded', run = 'restore' },
  { action = 'cd', says = 'a tab page in the worktree', run = 'cd' },
  { action = 'all', says = 'show merged and discarded ones too, or not' },
  { action = 'close', says = 'close' },
  { action = 'help', says = 'show the keys' },
}

---Tell how long ago a time was: `12s`, `5m`, `3h`, `2d`.
---@param stamp string UTC, ISO 8601
---@param now integer seconds
---@return string
function M.age(stamp, now)
  local y, mo, d, h, mi, s = stamp:match('^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)')
  if not y then
    return ''
  end
  -- Both sides go through local time, so its offset falls out.
  local utc = os.date('!*t', now) --[[@as osdateparam]]
  utc.isdst = false
  local seconds = os.time(utc)
    - os.time({ year = y, month = mo, day = d, hour = h, min = mi, sec = s, isdst = false })
  if seconds < 60 then
    return math.max(0, seconds) .. 's'
  elseif seconds < 3600 then
    return math.floor(seconds / 60) .. 'm'
  elseif seconds < 48 * 3600 then
    return math.floor(seconds / 3600) .. 'h'
  end
  return math.floor(seconds / 86400) .. 'd'
end

---Tell what came of a task's checks, in a word; nil while there is nothing to tell.
---@param task agentls.Task
---@return { [1]: string, [2]: string }? chunk text and highlight group
function M.checks(task)
  local passed, failed, running = 0, {}, false
  for _, check in ipairs(task.checks or {}) do
    if check.outcome == 'passed' then
      passed = passed + 1
    elseif check.outcome == 'running' or check.outcome == 'waiting' then
      running = true
    elseif check.outcome ~= 'skipped' then
      table.insert(failed, check.name)
    end
  end
  if #failed > 0 then
    return { '✗ ' .. table.concat(failed, ' '), 'AgentlsStateFailed' }
  elseif running then
    return { 'checks run', 'AgentlsStateChecking' }
  elseif passed > 0 then
    return { '✓', 'AgentlsStateReview' }
  end
end

---@class agentls.Line
---@field text string
---@field id? string
---@field marks { [1]: integer, [2]: integer, [3]: string }[] begin, end, group

---Build a line of pieces, each with its group.
---@param id? string
---@param pieces { [1]: string, [2]?: string }[]
---@return agentls.Line
local function line(id, pieces)
  local texts, marks, at = {}, {}, 0
  for _, piece in ipairs(pieces) do
    local text, group = piece[1], piece[2]
    if group and text ~= '' then
      table.insert(marks, { at, at + #text, group })
    end
    table.insert(texts, text)
    at = at + #text
  end
  return { text = table.concat(texts), id = id, marks = marks }
end

---@param text string
---@param width integer
local function padded(text, width)
  return text .. (' '):rep(width - vim.api.nvim_strwidth(text))
end

---Give the lines of a list of tasks.
---@param tasks agentls.Task[] in their order
---@param now integer seconds
---@return agentls.Line[]
function M.lines(tasks, now)
  local ids, agents, repositories, repository_count = 2, 5, {}, 0
  for _, task in ipairs(tasks) do
    ids = math.max(ids, #task.id)
    agents = math.max(agents, vim.api.nvim_strwidth(task.agent))
    if not repositories[task.repository] then
      repositories[task.repository] = vim.fs.basename(vim.uri_to_fname(task.repository))
      repository_count = repository_count + 1
    end
  end
  local lines = {}
  for _, section in ipairs(SECTIONS) do
    local title, states = section[1], section[2]
    local found = vim.tbl_filter(function(task)
      return states[task.state] ~= nil
    end, tasks)
    if #found > 0 then
      table.insert(
        lines,
        line(nil, { { ('%s (%d)'):format(title, #found), 'AgentlsHeading' } })
      )
    end
    for _, task in ipairs(found) do
      local outlook = forecast.short(task)
      local checks = M.checks(task)
      local size = {}
      if (task.added or 0) + (task.deleted or 0) > 0 then
        size = { ('+%d'):format(task.added or 0), (' -%d '):format(task.deleted or 0) }
      end
      local title_text = vim.fn.strtrans((task.title:gsub('%s+', ' ')))
      local why = task.why and '  ' .. vim.fn.strtrans((task.why:gsub('%s+', ' '))) or ''
      table.insert(
        lines,
        line(task.id, {
          { '  ' .. padded(task.id, ids) .. '  ', 'AgentlsId' },
          { padded(task.state, 11) .. '  ', highlights.of_state(task.state) },
          { padded(M.age(task.changed, now), 3) .. '  ', 'AgentlsAge' },
          { padded(task.agent, agents) .. '  ', 'AgentlsAgent' },
          {
            repository_count > 1 and repositories[task.repository] .. '  ' or '',
            'AgentlsHint',
          },
          { size[1] or '', 'AgentlsAdded' },
          { size[2] or '', 'AgentlsDeleted' },
          checks and { checks[1] .. '  ', checks[2] } or { '' },
          { title_text },
          outlook and { '  ' .. outlook[1], outlook[2] } or { '' },
          { why, 'AgentlsWhy' },
        })
      )
    end
  end
  if #lines == 0 then
    table.insert(
      lines,
      line(nil, {
        {
          store.is_listed() and 'No tasks. :AgentTask new gives an agent one.'
            or 'Asking the server …',
          'AgentlsHint',
        },
      })
    )
  end
  return lines
end

local function shown()
  return list.buf and vim.api.nvim_buf_is_valid(list.buf) and #vim.fn.win_findbuf(list.buf) > 0
end

---Draw the list, with each cursor left on its task.
function M.draw()
  list.due = false
  if not (list.buf and vim.api.nvim_buf_is_valid(list.buf)) then
    return
  end
  local cursors = {}
  for _, window in ipairs(vim.fn.win_findbuf(list.buf)) do
    local row = vim.api.nvim_win_get_cursor(window)[1]
    cursors[window] = { row = row, id = list.ids[row] }
  end
  local tasks = store.sorted(function(task)
    return list.all or (task.state ~= 'merged' and task.state ~= 'discarded')
  end)
  local lines = M.lines(tasks, os.time())
  local texts, rows = {}, {}
  list.ids = {}
  for row, drawn in ipairs(lines) do
    texts[row] = drawn.text
    list.ids[row] = drawn.id
    if drawn.id then
      rows[drawn.id] = row
    end
  end
  vim.bo[list.buf].modifiable = true
  vim.api.nvim_buf_set_lines(list.buf, 0, -1, false, texts)
  vim.bo[list.buf].modifiable = false
  vim.api.nvim_buf_clear_namespace(list.buf, SPACE, 0, -1)
  for row, drawn in ipairs(lines) do
    for _, mark in ipairs(drawn.marks) do
      vim.api.nvim_buf_set_extmark(
        list.buf,
        SPACE,
        row - 1,
        mark[1],
        { end_col = mark[2], hl_group = mark[3] }
      )
    end
  end
  for window, cursor in pairs(cursors) do
    local row = cursor.id and rows[cursor.id] or math.min(cursor.row, #lines)
    if not cursor.id and not list.ids[row] and list.ids[row + 1] then
      row = row + 1 -- from a heading to its first task
    end
    vim.api.nvim_win_set_cursor(window, { row, 0 })
  end
end

---Draw the list soon, once for all that changes until then.
function M.changed()
  if list.due or not shown() then
    return
  end
  list.due = true
  vim.schedule(M.draw)
end

---Give the id of the task in the cursor's line.
---@return string?
function M.under_cursor()
  return list.ids[vim.api.nvim_win_get_cursor(0)[1]]
end

local function help()
  local lines = {}
  for _, entry in ipairs(M.ACTIONS) do
    local key = config.values.keys.list[entry.action]
    if key then
      table.insert(lines, ('%-5s %s'):format(key, entry.says))
    end
  end
  vim.api.nvim_echo({ { table.concat(lines, '\n') } }, false, {})
end

local function run_with_task(command)
  local id = M.under_cursor()
  local needs_none = command == 'new' or command == 'next'
  if needs_none then
    require('agentls.commands').run({ fargs = { command }, range = 0 })
  elseif id then
    require('agentls.commands').run({ fargs = { command, id }, range = 0 })
  else
    notify.say('There is no task in this line.')
  end
end

local RUN = {
  show = function()
    local task = store.get(M.under_cursor() or '')
    run_with_task(task and task.state == 'review' and 'review' or 'open')
  end,
  all = function()
    list.all = not list.all
    M.draw()
  end,
  close = function()
    vim.cmd.close()
  end,
  help = help,
}

local function make_buffer()
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buf, NAME)
  vim.bo[buf].filetype = 'agentls-list'
  vim.bo[buf].bufhidden = 'hide'
  vim.bo[buf].modifiable = false
  for _, entry in ipairs(M.ACTIONS) do
    local key = config.values.keys.list[entry.action]
    if key then
      vim.keymap.set('n', key, RUN[entry.action] or function()
        run_with_task(entry.run)
      end, { buffer = buf, nowait = true, desc = entry.says })
    end
  end
  return buf
end

---The ages grow with no change of a task: only a clock tells.
local function keep_ages()
  if list.timer then
    return
  end
  list.timer = assert(vim.uv.new_timer())
  list.timer:start(
    AGE_MS,
    AGE_MS,
    vim.schedule_wrap(function()
      if shown() then
        M.draw()
      elseif list.timer then
        list.timer:close()
        list.timer = nil
      end
    end)
  )
end

---Show the list: in its window if there is one, else in a new one.
function M.open()
  if not (list.buf and vim.api.nvim_buf_is_valid(list.buf)) then
    list.buf = make_buffer()
  end
  local window = vim.fn.bufwinid(list.buf)
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd(config.values.list.open)
    vim.api.nvim_win_set_buf(0, list.buf)
    local options = vim.wo[0][0]
    options.number, options.relativenumber, options.wrap = false, false, false
    options.cursorline, options.signcolumn, options.foldcolumn = true, 'no', '0'
    options.list, options.spell = false, false
  end
  M.draw()
  keep_ages()
end

return M
