--- Who in the plugin hears of what: one group of autocommands.
local M = {}

local GROUP = 'agentls'
local heard = false

---Make an autocommand of the plugin's group.
---@param event string|string[]
---@param options vim.api.keyset.create_autocmd
---@return integer
function M.on(event, options)
  options.group = vim.api.nvim_create_augroup(GROUP, { clear = false })
  return vim.api.nvim_create_autocmd(event, options)
end

---Hear of all that the plugin needs as soon as it is used at all.
function M.listen()
  if heard then
    return
  end
  heard = true
  local highlights = require('agentls.highlights')
  highlights.define()
  M.on('ColorScheme', { callback = highlights.define })
  if require('agentls.config').values.hints then
    require('agentls.hints').listen(M.on)
  end
  M.on('User', {
    pattern = 'AgentTaskChanged',
    callback = function(event)
      require('agentls.notify').task_changed(event.data.task, event.data.before)
      require('agentls.panel').task_changed(event.data.task)
    end,
  })
  M.on('User', {
    pattern = {
      'AgentTaskChanged',
      'AgentTaskRemoved',
      'AgentTasksListed',
      'AgentForecastChanged',
    },
    callback = function()
      require('agentls.list').changed()
      vim.cmd.redrawstatus({ bang = true })
    end,
  })
end

return M
