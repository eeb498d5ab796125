--- The person's own files are told to the server, so that its hints show: the lines that
--- tasks change as well. Only once the server runs, and only where there are tasks.
local M = {}

local SIZE_MOST = 1000000 -- bytes: each change sends the whole text
local OVER = { merged = true, discarded = true }

---@type table<string, boolean> the repositories with open tasks
local repositories = {}
---@type table<string, boolean> the worktrees of tasks
local worktrees = {}

---@param task agentls.Task
---@return boolean new whether its repository had no open task so far
local function learn(task)
  if task.worktree then
    worktrees[vim.uri_to_fname(task.worktree)] = true
  end
  local root = vim.uri_to_fname(task.repository)
  if OVER[task.state] or repositories[root] then
    return false
  end
  repositories[root] = true
  return true
end

---@param path string
---@return boolean
local function lies_beside_tasks(path)
  local folder = vim.fs.dirname(path)
  folder = vim.uv.fs_realpath(folder) or folder
  while true do
    if worktrees[folder] or vim.fs.basename(folder) == '.git' then
      return false
    elseif repositories[folder] then
      return true
    end
    local above = vim.fs.dirname(folder)
    if above == folder then
      return false
    end
    folder = above
  end
end

---@param buf integer
---@return boolean
local function is_wanted(buf)
  if not vim.api.nvim_buf_is_loaded(buf) then
    return false
  end
  local options, name = vim.bo[buf], vim.api.nvim_buf_get_name(buf)
  -- Git has other bytes than the buffer where a file is not plain UTF-8.
  return options.buftype == ''
    and vim.startswith(name, '/')
    and (options.fileencoding == '' or options.fileencoding == 'utf-8')
    and not options.bomb
    and vim.api.nvim_buf_get_offset(buf, vim.api.nvim_buf_line_count(buf)) <= SIZE_MOST
    and lies_beside_tasks(name)
end

---@param buf integer
local function attach(buf)
  local client = require('agentls.client').present()
  if client and not client.attached_buffers[buf] and is_wanted(buf) then
    vim.lsp.buf_attach_client(buf, client.id)
  end
end

local function attach_all()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    attach(buf)
  end
end

---Hear of files and tasks.
---@param on fun(event: string|string[], options: vim.api.keyset.create_autocmd)
function M.listen(on)
  on({ 'BufReadPost', 'BufNewFile', 'BufFilePost', 'BufWritePost' }, {
    callback = function(event)
      attach(event.buf)
    end,
  })
  on('User', {
    pattern = 'AgentTasksListed',
    callback = function()
      repositories, worktrees = {}, {}
      for _, task in ipairs(require('agentls.store').sorted()) do
        learn(task)
      end
      attach_all()
    end,
  })
  on('User', {
    pattern = 'AgentTaskChanged',
    callback = function(event)
      if learn(event.data.task) then
        attach_all()
      end
    end,
  })
end

return M
