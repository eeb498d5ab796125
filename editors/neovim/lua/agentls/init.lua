--- agentls in Neovim: what others may call. Everything else may change.
local M = {}

---Set options; see `:help agentls-options`. Needs not be called.
---@param options? table
function M.setup(options)
  require('agentls.config').set(options)
  require('agentls.events').listen()
  if require('agentls.config').values.start then
    M.start()
  end
end

---Start the server if it isn't there. The first command does it by itself.
function M.start()
  require('agentls.events').listen()
  require('agentls.client').start()
end

---Give the tasks as the server told them, those first that need you.
---@return agentls.Task[]
function M.tasks()
  return require('agentls.store').sorted()
end

---Give one task; nil if none has that id, or more than one begins with it.
---@param id string or its beginning
---@return agentls.Task?
function M.task(id)
  return require('agentls.store').find(id)
end

---Give a short text for a status line: how many tasks need you, are ready, work.
---@return string text empty when there is nothing to tell, or the server isn't started
function M.status()
  if not package.loaded['agentls.store'] then
    return ''
  end
  local counts = require('agentls.store').counts()
  local function sum(...)
    local all = 0
    for _, state in ipairs({ ... }) do
      all = all + (counts[state] or 0)
    end
    return all
  end
  local parts = {}
  for _, part in ipairs({
    { '!', sum('waiting', 'failed', 'interrupted') },
    { '✓', sum('review') },
    { '▸', sum('working', 'checking', 'preparing', 'queued') },
  }) do
    if part[2] > 0 then
      table.insert(parts, part[1] .. part[2])
    end
  end
  return table.concat(parts, ' ')
end

---Run a command of the server and call back with its answer, for what isn't here.
---@param command string as docs/protocol.md names it, without `agentls.`
---@param arguments? table
---@param on_answer fun(err?: agentls.Error, result?: table)
function M.request(command, arguments, on_answer)
  require('agentls.async').run(function()
    local ok, answer = pcall(require('agentls.client').ask, command, arguments)
    if ok then
      on_answer(nil, answer)
    else
      on_answer(require('agentls.errors').is_error(answer) and answer or { message = answer })
    end
  end)
end

return M
