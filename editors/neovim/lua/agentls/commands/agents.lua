local client = require('agentls.client')

---@type agentls.Command
return {
  args = '',
  says = 'List the agents, and how to get those that are not installed.',
  run = function()
    local uri = vim.uri_from_fname(vim.fn.getcwd())
    local chunks = {}
    for _, agent in ipairs(client.ask('listAgents', { uri = uri }).agents) do
      local state = agent.installed and (agent.version or 'installed')
        or 'not installed' .. (agent.hint and ': ' .. agent.hint or '')
      table.insert(
        chunks,
        { ('%s %-10s'):format(agent.default and '*' or ' ', agent.name), 'AgentlsAgent' }
      )
      table.insert(
        chunks,
        { ('  %s\n'):format(state), agent.installed and 'None' or 'AgentlsHint' }
      )
    end
    vim.api.nvim_echo(chunks, false, {})
  end,
}
