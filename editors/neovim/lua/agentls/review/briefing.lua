--- What a person should know before they look: asked, said, changed, checked.
local client = require('agentls.client')

local M = {}

---Show it in a window above the diff.
---@async
---@param review agentls.Review
function M.show(review)
  local text = client.ask('briefing', { task = review.task.id }).text
  local lines = vim.split(vim.trim(text), '\r?\n')
  vim.api.nvim_set_current_win(review.windows.new)
  vim.cmd('aboveleft new')
  local buf = vim.api.nvim_get_current_buf()
  vim.bo[buf].buftype, vim.bo[buf].bufhidden, vim.bo[buf].swapfile = 'nofile', 'wipe', false
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].modifiable, vim.bo[buf].filetype = false, 'markdown'
  vim.cmd('diffoff')
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = buf, nowait = true })
end

return M
