--- The two sides of a file: the old one from the server, the new one the real file.
local client = require('agentls.client')
local keys = require('agentls.review.keys')

local M = {}

local LINK, SUBMODULE = '120000', '160000'

---Make a buffer of the plugin's own with some text.
---@param name string
---@param lines string[]
---@return integer
local function scratch(name, lines)
  local buf = vim.api.nvim_create_buf(false, true)
  pcall(vim.api.nvim_buf_set_name, buf, name) -- the same name may stand in another tab
  vim.bo[buf].bufhidden = 'wipe'
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].modifiable = false
  keys.on_buffer(buf)
  return buf
end

---Give a document of the server as lines, as Neovim reads a file.
---@async
---@param uri string
---@return string[]
local function document(uri)
  local text = client.document(uri):gsub('\n$', '')
  return vim.split(text, '\r?\n')
end

---Tell why a file has no lines to be shown; nil if it has.
---@param file table FileInfo
---@return string?
local function without_lines(file)
  if file.oldMode == SUBMODULE or file.newMode == SUBMODULE then
    return 'A submodule: it stands on another commit.'
  elseif file.binary then
    return ('A binary file was %s.'):format(file.status)
  end
end

---@async
---@param review agentls.Review
---@param file table
---@return integer buf
local function old_side(review, file)
  local path = file.oldPath or file.path
  local name = ('agentls://%s/%s/%s'):format(review.task.id, review.change.old:sub(1, 9), path)
  if without_lines(file) then
    return scratch(name, { without_lines(file) })
  elseif not file.oldUri then
    return scratch(name, {})
  end
  local buf = scratch(name, document(file.oldUri))
  local filetype = vim.filetype.match({ buf = buf, filename = path })
  if filetype then
    vim.bo[buf].filetype = filetype
  end
  return buf
end

---Put the new side into its window.
---@async
---@param review agentls.Review
---@param file table
local function put_new_side(review, file)
  local window = review.windows.new
  local name = ('agentls://%s/now/%s'):format(review.task.id, file.path)
  local buf
  if without_lines(file) then
    buf = scratch(name, { without_lines(file) })
  elseif not file.uri then
    buf = scratch(name, {})
  elseif file.newMode == LINK then
    local at = ('agentls:/%s/%s/%s'):format(
      review.task.id,
      review.change.new,
      vim.uri_encode(file.path, 'rfc2396')
    )
    buf = scratch(name, document(at))
  else
    local path = vim.uri_to_fname(file.uri)
    buf = vim.fn.bufadd(path)
    if not vim.api.nvim_buf_is_loaded(buf) then
      review.opened[buf] = true
    end
    vim.bo[buf].buflisted = true
    vim.api.nvim_win_set_buf(window, buf)
    vim.b[buf].agentls_task = review.task.id
    keys.on_file(buf)
    review.opened[buf] = review.opened[buf] or false
    return
  end
  vim.api.nvim_win_set_buf(window, buf)
end

---@param review agentls.Review
local function diff_off(review)
  for _, window in ipairs({ review.windows.old, review.windows.new }) do
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_call(window, function()
        vim.cmd.diffoff()
      end)
    end
  end
end

---Make the windows of the diff again, where the person closed one.
---@param review agentls.Review
local function ensure_windows(review)
  local windows = review.windows
  for name, other in pairs({ old = 'new', new = 'old' }) do
    if not vim.api.nvim_win_is_valid(windows[name]) then
      local beside = vim.api.nvim_win_is_valid(windows[other]) and windows[other]
        or windows.files
      local left = name == 'old' and beside == windows.new
      windows[name] = vim.api.nvim_open_win(
        vim.api.nvim_create_buf(false, true),
        false,
        { win = beside, split = left and 'left' or 'right' }
      )
    end
  end
end

---Show both sides of a file.
---@async
---@param review agentls.Review
---@param file table FileInfo
---@return boolean shown false when the person went on meanwhile
function M.show(review, file)
  local index = review.index
  local old = old_side(review, file)
  if review.index ~= index or not vim.api.nvim_tabpage_is_valid(review.tab) then
    vim.api.nvim_buf_delete(old, { force = true })
    return false
  end
  ensure_windows(review)
  diff_off(review)
  vim.api.nvim_win_set_buf(review.windows.old, old)
  put_new_side(review, file)
  for name, window in pairs({ old = review.windows.old, new = review.windows.new }) do
    vim.api.nvim_win_call(window, function()
      vim.cmd.diffthis()
    end)
    local path = name == 'old' and (file.oldPath or file.path) or file.path
    local says = name == 'old' and 'before: ' or 'now: '
    local bar = vim.fn.strtrans(says .. path):gsub('%%', '%%%%')
    vim.wo[window][0].winbar = bar
  end
  return true
end

---Show a file again, with each cursor left on its line.
---@async
---@param review agentls.Review
---@param show async fun(): boolean
function M.keep_place(review, show)
  local views = {}
  for _, window in pairs({ review.windows.old, review.windows.new }) do
    if vim.api.nvim_win_is_valid(window) then
      views[window] = vim.api.nvim_win_call(window, vim.fn.winsaveview)
    end
  end
  if not show() then
    return
  end
  for window, view in pairs(views) do
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_call(window, function()
        vim.fn.winrestview(view)
      end)
    end
  end
end

---Show a text in place of a diff.
---@param review agentls.Review
---@param lines string[]
function M.show_text(review, lines)
  ensure_windows(review)
  diff_off(review)
  for _, window in ipairs({ review.windows.old, review.windows.new }) do
    vim.api.nvim_win_set_buf(window, scratch('', lines))
  end
end

---Read the real files again that the agent changed, unless they are modified here.
---@param review agentls.Review
function M.reload(review)
  for buf in pairs(review.opened) do
    if vim.api.nvim_buf_is_loaded(buf) and not vim.bo[buf].modified then
      require('agentls.merging').reload_buffer(buf)
    end
  end
end

---Leave no window in diff mode, and no real file in one that goes on.
---@param review agentls.Review
function M.leave(review)
  if vim.api.nvim_tabpage_is_valid(review.tab) then
    M.show_text(review, {})
  end
end

---@param review agentls.Review
---@param act fun()
local function in_new(review, act)
  return vim.api.nvim_win_call(review.windows.new, act)
end

---@param line integer
---@return boolean whether a line belongs to a hunk
local function in_hunk(line)
  return vim.fn.diff_hlID(line, 1) ~= 0 or vim.fn.diff_filler(line) > 0
end

---Go to a window's first line, with the lines in sight that only the other side has.
---@param window integer
local function go_to_top(window)
  vim.api.nvim_win_call(window, function()
    vim.cmd.normal({ 'gg', bang = true })
    vim.fn.winrestview({ topline = 1, topfill = vim.fn.diff_filler(1) })
  end)
end

---Go to the first or last hunk of the shown file.
---@param review agentls.Review
---@param at 'first'|'last'
function M.go_to_hunk(review, at)
  vim.cmd.diffupdate()
  go_to_top(review.windows.old)
  go_to_top(review.windows.new)
  if vim.bo[vim.api.nvim_win_get_buf(review.windows.new)].buftype ~= '' then
    return -- no real file: all of it is one hunk
  end
  in_new(review, function()
    if at == 'first' then
      if not in_hunk(1) then
        pcall(vim.cmd.normal, { ']c', bang = true })
      end
    else
      vim.cmd.normal({ 'G', bang = true })
      if not in_hunk(vim.fn.line('$')) then
        pcall(vim.cmd.normal, { '[c', bang = true })
      end
    end
    if vim.fn.line('.') > 1 then
      pcall(vim.cmd.normal, { 'zvzz', bang = true })
    end
  end)
end

---Go to the next or previous hunk of the shown file.
---@param review agentls.Review
---@param step 1|-1
---@return boolean moved false when there is none in that direction
function M.step(review, step)
  if vim.bo[vim.api.nvim_win_get_buf(review.windows.new)].buftype ~= '' then
    return false
  end
  return in_new(review, function()
    local before = vim.fn.line('.')
    pcall(vim.cmd.normal, { step > 0 and ']c' or '[c', bang = true })
    pcall(vim.cmd.normal, { 'zvzz', bang = true })
    return vim.fn.line('.') ~= before
  end)
end

---Tell the side and the lines on which the cursor or the selection is.
---@param review agentls.Review
---@return { side?: string, first?: integer, last?: integer }
function M.place(review)
  local window = vim.api.nvim_get_current_win()
  local side = window == review.windows.old and 'old' or window == review.windows.new and 'new'
  if not side then
    return {}
  end
  local first, last = vim.fn.line('.'), vim.fn.line('.')
  if vim.api.nvim_get_mode().mode:match('^[vV\22]') then
    first, last = vim.fn.line('v'), vim.fn.line('.')
    vim.api.nvim_feedkeys(vim.keycode('<Esc>'), 'nx', false)
  end
  return { side = side, first = math.min(first, last), last = math.max(first, last) }
end

return M
