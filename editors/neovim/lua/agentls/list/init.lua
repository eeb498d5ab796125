--- The list of tasks: a buffer that is drawn again whenever the server tells a change.
local config = require('agentls.config')
local lines_of = require('agentls.list.lines').of
local notify = require('agentls.notify')
local store = require('agentls.store')

local M = {}

local NAME = 'agentls://tasks'
local SPACE = vim.api.nvim_create_namespace('agentls.list')
local AGE_MS = 10000 -- the ages are drawn again so often

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
  local lines = lines_of(tasks, os.time())
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
