--- What the lines of the list say of tasks.
local forecast = require('agentls.forecast')
local highlights = require('agentls.highlights')
local store = require('agentls.store')

local M = {}

local SECTIONS = {
  { 'Needs you', { waiting = true, failed = true, interrupted = true } },
  { 'Ready for review', { review = true } },
  { 'At work', { checking = true, working = true, preparing = true } },
  { 'Queued', { queued = true } },
  { 'Done', { merged = true, discarded = true } },
}

---Tell how long ago a time was: `12s`, `5m`, `3h`, `2d`.
---@param stamp string UTC, ISO 8601
---@param now integer seconds
---@return string
local function age(stamp, now)
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
local function outcome(task)
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

---Give the tasks of a section with how each stands to its parent: children of one
---that is in the section come right after it.
---@param found agentls.Task[] in their order
---@return { task: agentls.Task, lead: string }[]
local function nested(found)
  local here, below, placed = {}, {}, {}
  for _, task in ipairs(found) do
    here[task.id] = true
  end
  for _, task in ipairs(found) do
    local above = task.parent and here[task.parent] and task.parent or ''
    below[above] = below[above] or {}
    table.insert(below[above], task)
  end
  local function place(above, lead)
    for _, task in ipairs(below[above] or {}) do
      local elsewhere = above == '' and task.parent
      table.insert(
        placed,
        { task = task, lead = elsewhere and '↳' .. elsewhere .. ' ' or lead }
      )
      place(task.id, (lead:gsub('└', ' ')) .. '└ ')
    end
  end
  place('', '')
  return placed
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
function M.of(tasks, now)
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
    for _, placed in ipairs(nested(found)) do
      local task = placed.task
      local outlook = forecast.short(task)
      local checks = outcome(task)
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
          { padded(age(task.changed, now), 3) .. '  ', 'AgentlsAge' },
          { padded(task.agent, agents) .. '  ', 'AgentlsAgent' },
          {
            repository_count > 1 and repositories[task.repository] .. '  ' or '',
            'AgentlsHint',
          },
          { size[1] or '', 'AgentlsAdded' },
          { size[2] or '', 'AgentlsDeleted' },
          checks and { checks[1] .. '  ', checks[2] } or { '' },
          { placed.lead, 'AgentlsHint' },
          { title_text },
          { task.on and '  on ' .. task.on or '', 'AgentlsHint' },
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

return M
