--- Which task is meant: the one that was named, the one that is here, or the chosen one.
local async = require('agentls.async')
local errors = require('agentls.errors')
local store = require('agentls.store')

local M = {}

---Give the task that the present buffer shows or belongs to.
---@return string?
function M.here()
  local shown = vim.b.agentls_task or vim.t.agentls_task
  if shown then
    return shown
  end
  if vim.bo.filetype == 'agentls-list' then
    return require('agentls.list').under_cursor()
  end
  local task = store.of_file(vim.api.nvim_buf_get_name(0))
  return task and task.id
end

---One line that tells a task from others, for `vim.ui.select`.
---@param task agentls.Task
---@return string
function M.line(task)
  return ('%-6s %-11s %-8s %s'):format(
    task.id,
    task.state,
    task.agent,
    (task.title:gsub('%s+', ' '))
  )
end

---Give the id of the task that is meant; raises when there is none.
---@async
---@param named? string
---@param options { prompt: string, states?: string[], open_update?: boolean } limit the choice
---@return string id
function M.task(named, options)
  if named then
    return named
  end
  require('agentls.client').connect()
  store.wait_until_listed()
  local here = M.here()
  if here then
    return here
  end
  local tasks = store.sorted(function(task)
    return (not options.states or vim.tbl_contains(options.states, task.state))
      and (not options.open_update or task.openUpdate == true)
  end)
  if #tasks == 0 and options.open_update then
    errors.raise('No task has an update that can be aborted.')
  end
  if #tasks == 0 then
    errors.raise(
      options.states
          and ('There is no task in the state %s.'):format(table.concat(options.states, ', '))
        or 'There is no task yet.',
      '`:AgentTask list` shows all, `:AgentTask new` makes one.'
    )
  end
  local chosen = async.select(tasks, {
    prompt = options.prompt,
    kind = 'agentls.task',
    format_item = M.line,
  })
  return chosen and chosen.id or errors.quit()
end

return M
