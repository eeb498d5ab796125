--- What can be completed: ids of tasks, agents, branches.
local store = require('agentls.store')

local M = {}

local PATIENCE_MS = 2000 -- as long as a person waits for a completion

---Have the tasks and agents told, if they aren't yet.
local function know()
  if not store.is_listed() then
    require('agentls.client').start()
    vim.wait(PATIENCE_MS, function()
      return store.is_listed() and #store.agents() > 0
    end, 10)
  end
end

---Make a completion of task ids as the first word.
---@param states? string[] only tasks in these
---@return fun(words: string[]): string[]
function M.tasks(states)
  return function(words)
    if #words > 0 then
      return {}
    end
    know()
    local tasks = store.sorted(function(task)
      return not states or vim.tbl_contains(states, task.state)
    end)
    return vim.tbl_map(function(task)
      return task.id
    end, tasks)
  end
end

---@return string[]
function M.agents()
  know()
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
    :wait(PATIENCE_MS)
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
