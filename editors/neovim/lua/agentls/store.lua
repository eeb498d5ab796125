--- The tasks, as the server told them last. Nothing is known here that it didn't say.
local M = {}

---@class agentls.Task a task as the server tells it: TaskInfo in docs/protocol.md
---@field id string
---@field number integer
---@field title string
---@field agent string
---@field state string
---@field why? string
---@field repository string
---@field worktree string
---@field branch string
---@field target string
---@field parent? string
---@field created string
---@field changed string
---@field sessions? table[]
---@field rev integer

---@type table<string, agentls.Task>
local tasks = {}
---@type table<string, integer> the rev at which a task was removed
local removed = {}
---@type table[] what listAgents gave last
local agents = {}
local listed = false
---@type fun()[] who waits until the tasks are known
local waiting = {}

--- Which states come first in a list: those in which a person is needed.
local ATTENTION = {
  waiting = 1,
  failed = 2,
  interrupted = 3,
  review = 4,
  checking = 5,
  working = 6,
  preparing = 7,
  queued = 8,
  merged = 9,
  discarded = 10,
}

---Tell others in this Neovim by a `User` autocommand.
---@param pattern string
---@param data? table
function M.emit(pattern, data)
  vim.api.nvim_exec_autocmds('User', { pattern = pattern, data = data, modeline = false })
end

---Take a task as the server told it, unless something newer is known.
---@param task agentls.Task
function M.put(task)
  local before = tasks[task.id]
  if (before and before.rev >= task.rev) or (removed[task.id] or -1) >= task.rev then
    return
  end
  tasks[task.id] = task
  M.emit('AgentTaskChanged', { task = task, before = before })
end

---Take what is to be expected of tasks now.
---@param told table[] TaskForecastInfo
function M.forecasts(told)
  for _, news in ipairs(told) do
    local task = tasks[news.task]
    if task then
      task = vim.tbl_extend('force', task, {})
      task.forecast = news.forecast
      tasks[news.task] = task
    end
  end
  M.emit('AgentForecastChanged')
end

---Forget a task that is no more.
---@param id string
---@param rev integer
function M.remove(id, rev)
  removed[id] = rev
  if tasks[id] then
    tasks[id] = nil
    M.emit('AgentTaskRemoved', { task = id })
  end
end

---Take all tasks at once.
---@param list agentls.Task[]
---@param rev integer at which the server listed them
function M.replace(list, rev)
  local before = tasks
  tasks = {}
  for _, task in ipairs(list) do
    local known = before[task.id]
    tasks[task.id] = known and known.rev > task.rev and known or task
  end
  for id, task in pairs(before) do
    if not tasks[id] and task.rev > rev then
      tasks[id] = task -- told after the list was made
    end
  end
  listed = true
  M.emit('AgentTasksListed')
  local woken = waiting
  waiting = {}
  for _, go_on in ipairs(woken) do
    go_on()
  end
end

---Ask the server for all tasks and agents.
function M.list_again()
  require('agentls.async').run(function()
    local client = require('agentls.client')
    local answer = client.ask('listTasks', { discarded = true })
    M.replace(answer.tasks, answer.rev)
    -- A repository may name agents, if there is one here and it is trusted.
    local here = vim.uri_from_fname(vim.fn.getcwd())
    local ok, told = pcall(client.ask, 'listAgents', { uri = here })
    agents = (ok and told or client.ask('listAgents')).agents
  end)
end

---Wait until the server has told its tasks.
---@async
function M.wait_until_listed()
  if not listed then
    require('agentls.async').await(function(go_on)
      table.insert(waiting, go_on)
    end)
  end
end

---@return boolean whether the server has told its tasks yet
function M.is_listed()
  return listed
end

---@return table[] agents as listAgents gives them
function M.agents()
  return agents
end

---@param id string
---@return agentls.Task?
function M.get(id)
  return tasks[id]
end

---Find the task that an id, or its beginning, names.
---@param beginning string
---@return agentls.Task?
function M.find(beginning)
  if tasks[beginning] then
    return tasks[beginning]
  end
  local found
  for id, task in pairs(tasks) do
    if vim.startswith(id, beginning) then
      if found then
        return nil
      end
      found = task
    end
  end
  return found
end

---Give the tasks, those first that need a person, the newest of a state first.
---@param wanted? fun(task: agentls.Task): boolean
---@return agentls.Task[]
function M.sorted(wanted)
  local list = {}
  for _, task in pairs(tasks) do
    if not wanted or wanted(task) then
      table.insert(list, task)
    end
  end
  table.sort(list, function(a, b)
    local rank_a, rank_b = ATTENTION[a.state] or 99, ATTENTION[b.state] or 99
    if rank_a ~= rank_b then
      return rank_a < rank_b
    end
    return a.number > b.number
  end)
  return list
end

---Tell how many tasks are in each state.
---@return table<string, integer>
function M.counts()
  local counts = {}
  for _, task in pairs(tasks) do
    counts[task.state] = (counts[task.state] or 0) + 1
  end
  return counts
end

---Find the task in whose worktree a file lies.
---@param path string
---@return agentls.Task?
function M.of_file(path)
  if path == '' then
    return nil
  end
  for _, task in pairs(tasks) do
    local root = vim.uri_to_fname(task.worktree)
    if vim.startswith(path, root .. '/') or path == root then
      return task
    end
  end
  return nil
end

return M
