--- Which repository is meant: the one of the present file, else of the working folder.
local M = {}

---Give the file or folder whose repository is meant.
---@return string path
function M.here()
  local path = vim.api.nvim_buf_get_name(0)
  local is_file = vim.bo.buftype == '' and path ~= '' and vim.uv.fs_stat(vim.fs.dirname(path))
  return is_file and path or vim.fn.getcwd()
end

---Give the name of that repository's folder.
---@return string
function M.name()
  return vim.fs.basename(vim.fs.root(M.here(), '.git') or M.here())
end

return M
