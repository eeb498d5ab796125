--- Merging a task, and what follows from it in this Neovim.
local client = require('agentls.client')
local notify = require('agentls.notify')
local store = require('agentls.store')

local M = {}

---Read again the files that the merge wrote; a modified buffer is left as it is.
---@param checkout? string the URI of the checkout that has the target
local function reload(checkout)
  if not checkout then
    return
  end
  local root = vim.uri_to_fname(checkout) .. '/'
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    local name = vim.api.nvim_buf_get_name(buf)
    local loaded = vim.api.nvim_buf_is_loaded(buf) and vim.bo[buf].buftype == ''
    if loaded and not vim.bo[buf].modified and vim.startswith(name, root) then
      local autoread = vim.bo[buf].autoread
      vim.bo[buf].autoread = true
      vim.cmd.checktime(buf)
      vim.bo[buf].autoread = autoread
    end
  end
end

---Merge a task, and say what became of it.
---@async
---@param id string
---@param options? { stop?: boolean, message?: string }
---@return table answer MergeTaskResult
function M.merge(id, options)
  local task = store.find(id)
  local arguments = vim.tbl_extend('force', { task = id }, options or {})
  local answer = require('agentls.trusting').with_trust(
    task and task.repository or vim.uri_from_fname(vim.fn.getcwd()),
    function()
      return client.ask('mergeTask', arguments)
    end
  )
  reload(answer.checkout)
  local merged = answer.task
  notify.say(
    ('%s is merged into %s as %s.'):format(merged.id, merged.target, answer.commit:sub(1, 9))
  )
  return answer
end

return M
