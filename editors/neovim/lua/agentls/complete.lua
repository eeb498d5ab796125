--- What can be completed: ids of tasks, agents, branches.
local store = require('agentls.store')

local M = {}

-- A busy machine may take so long to start the server; CTRL-C ends the wait.
local PATIENCE_MS = 15000
local GIT_MS = 2000

---Have something told by the server before it is completed from.
---@param is_known fun(): boolean
local function know(is_known)
  if is_known() then
    return
  end
  local failed = false
  require('agentls.async').run(function()
    local ok, err = pcall(require('agentls.client').connect)
    failed = not ok
    if failed then
      error(err, 0)
    end
  end)
  vim.wait(PATIENCE_MS, function()
    return failed or is_known()
  end, 10)
end

local function agents_are_known()
  return #store.agents() > 0
end

---The ids of the tasks that are wanted, all if nothing is said of that.
---@param wanted? fun(task: agentls.Task): boolean
---@return string[]
function M.ids(wanted)
  know(store.is_listed)
  return vim.tbl_map(function(task)
    return task.id
  end, store.sorted(wanted))
end

---Make a completion of task ids as the first word.
---@param states? string[] only tasks in these
---@return fun(words: string[]): string[]
function M.tasks(states)
  return function(words)
    return #words > 0 and {}
      or M.ids(function(task)
        return not states or vim.tbl_contains(states, task.state)
      end)
  end
end

---@return string[]
function M.agents()
  know(agents_are_known)
  local names = {}
  for _, agent in ipairs(store.agents()) do
    if agent.installed then
      table.insert(names, agent.name)
    end
  end
  return names
end

---Branches and tags of the repository of the working folder.
---@return string[]
function M.branches()
  local done = vim
    .system({ 'git', 'for-each-ref', '--format=%(refname:short)', 'refs/heads', 'refs/tags' }, {
      text = true,
    })
    :wait(GIT_MS)
  return done.code == 0 and vim.split(vim.trim(done.stdout), '\n') or {}
end

---Put `name=` before each value.
---@param name string
---@param values string[]
---@return string[]
function M.option(name, values)
  return vim.tbl_map(function(value)
    return name .. '=' .. value
  end, values)
end

return M
