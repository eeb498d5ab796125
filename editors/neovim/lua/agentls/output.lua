--- What a session has printed, as text in a window.
local async = require('agentls.async')
local errors = require('agentls.errors')

local M = {}

---Show all that a task's session has printed: its present one, or the one named.
---@async
---@param id string
---@param session? string
function M.show(id, session)
  local argv = vim.list_extend(
    vim.list_slice(require('agentls.server').get().argv),
    { 'logs', '--plain', id }
  )
  if session then
    vim.list_extend(argv, { '--session', session })
  end
  local done = async.await(function(go_on)
    vim.system(argv, {}, vim.schedule_wrap(go_on))
  end)
  if done.code ~= 0 then
    errors.raise(vim.trim(done.stderr))
  end
  vim.cmd('botright new')
  local buf = vim.api.nvim_get_current_buf()
  vim.bo[buf].buftype, vim.bo[buf].bufhidden, vim.bo[buf].swapfile = 'nofile', 'wipe', false
  vim.b[buf].agentls_task = id
  local text = done.stdout:gsub('\n$', '')
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, vim.split(text, '\r?\n'))
  vim.bo[buf].modifiable = false
  vim.bo[buf].filetype = 'agentls-log'
  vim.cmd.normal({ 'G', bang = true })
end

return M
