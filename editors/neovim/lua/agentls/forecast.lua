--- What a task would conflict with, in a few words.
local M = {}

---@param task agentls.Task
---@return { [1]: string, [2]: string }? chunk text and highlight group; nil when all is clean
function M.short(task)
  local forecast = task.forecast
  if not forecast then
    return nil
  end
  local parts = {}
  if forecast.target == 'conflicts' then
    table.insert(parts, 'conflicts with ' .. task.target)
  end
  if forecast.user == 'conflicts' then
    table.insert(parts, 'conflicts with your uncommitted changes')
  elseif (forecast.inTheWay or 0) > 0 then
    table.insert(parts, ('%d uncommitted files in the way'):format(forecast.inTheWay))
  end
  if forecast.tasks and #forecast.tasks > 0 then
    table.insert(parts, 'conflicts with ' .. table.concat(forecast.tasks, ', '))
  end
  if #parts == 0 then
    return nil
  end
  return { table.concat(parts, '; '), 'AgentlsConflict' }
end

return M
