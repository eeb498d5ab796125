if vim.g.loaded_agentls then
  return
end
vim.g.loaded_agentls = true

vim.api.nvim_create_user_command('AgentTask', function(given)
  require('agentls.commands').run(given)
end, {
  nargs = '*',
  range = true,
  bang = true,
  desc = 'Run coding agents in parallel and review their work',
  complete = function(lead, line, cursor)
    return require('agentls.commands').complete(lead, line, cursor)
  end,
})

for _, name in ipairs({ 'list', 'next', 'new' }) do
  vim.keymap.set('n', ('<Plug>(agentls-%s)'):format(name), function()
    require('agentls.commands').run({ fargs = { name }, range = 0 })
  end, { desc = 'agentls: ' .. name })
end
vim.keymap.set('x', '<Plug>(agentls-new)', ':AgentTask new<CR>', { desc = 'agentls: new' })
