--- Merging a task, and what follows from it in this Neovim.
local client = require('agentls.client')
local errors = require('agentls.errors')
local store = require('agentls.store')

local M = {}

---Read a buffer's file again, if it changed on the disk; no question is asked.
---@param buf integer not modified
function M.reload_buffer(buf)
  local autoread = vim.bo[buf].autoread
  vim.bo[buf].autoread = true
  vim.cmd.checktime(buf)
  vim.bo[buf].autoread = autoread
end

---Read again the files that the merge wrote; a modified buffer is left as it is.
---@param checkout? string the URI of the checkout that has the target
function M.reload(checkout)
  if not checkout then
    return
  end
  local root = vim.uri_to_fname(checkout) .. '/'
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    local name = vim.api.nvim_buf_get_name(buf)
    local loaded = vim.api.nvim_buf_is_loaded(buf) and vim.bo[buf].buftype == ''
    if loaded and not vim.bo[buf].modified and vim.startswith(name, root) then
      M.reload_buffer(buf)
    end
  end
end

---Do what a conflict may stop; then let the person choose who resolves it.
---@async
---@generic T
---@param id string
---@param act async fun(): T
---@return T
local function or_resolve(id, act)
  local ok, answer = pcall(act)
  if ok then
    return answer
  elseif not (errors.is_error(answer) and answer.kind == 'conflict') then
    error(answer, 0)
  end
  require('agentls.updating').choose(id, answer)
  return errors.quit()
end

---Say where a task went.
---@param answer table MergeTaskResult
---@return string
function M.sentence(answer)
  local task = answer.task
  return ('%s is merged into %s as %s.'):format(task.id, task.target, answer.commit:sub(1, 9))
end

---Merge a task.
---@async
---@param id string
---@param options? { stop?: boolean, strategy?: string, force?: boolean }
---@return table answer MergeTaskResult
function M.merge(id, options)
  local task = store.find(id)
  local arguments = vim.tbl_extend('force', { task = id }, options or {})
  local repository = task and task.repository or vim.uri_from_fname(vim.fn.getcwd())
  local answer = or_resolve(id, function()
    return require('agentls.trusting').with_trust(repository, function()
      return client.ask('mergeTask', arguments)
    end)
  end)
  M.reload(answer.checkout)
  return answer
end

return M
