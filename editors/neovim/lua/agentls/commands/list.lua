---@type agentls.Command
return {
  args = '',
  says = 'Show the list of tasks. It is what `:AgentTask` alone does too.',
  run = function()
    require('agentls.list').open()
    require('agentls.client').connect()
  end,
}
