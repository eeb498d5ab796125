---@type agentls.Command
return {
  args = '',
  says = 'Show what the repository would run; allow or deny it.',
  run = function()
    local path = vim.api.nvim_buf_get_name(0)
    local at = vim.bo.buftype == '' and path ~= '' and path or vim.fn.getcwd()
    require('agentls.trusting').ask(vim.uri_from_fname(at))
  end,
}
