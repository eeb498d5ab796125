--- What a person should know before they look: asked, said, changed, checked.
local keys = require('agentls.review.keys')

local M = {}

---@param review agentls.Review
---@return integer? window where it is shown
local function window_of(review)
  local window = review.windows.briefing
  return window and vim.api.nvim_win_is_valid(window) and window or nil
end

---Give how many rows it takes by itself; 0 where the person wants none.
---@return integer
local function most_rows()
  local rows = require('agentls.config').values.review.briefing
  return math.min(rows, math.max(1, math.floor(vim.o.lines / 4)))
end

---Have its window show the text, from what was asked on: the list of files says the rest.
---@param review agentls.Review
local function fill(review)
  local window = window_of(review)
  if not window then
    return
  end
  local lines = review.briefing
  local buf = vim.api.nvim_win_get_buf(window)
  vim.bo[buf].modifiable = true
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].modifiable = false
  for row, line in ipairs(lines) do
    if vim.startswith(line, '## ') then
      local rows = #lines - row + 2 -- with its bar
      vim.api.nvim_win_set_height(window, math.max(1, math.min(rows, most_rows())))
      vim.api.nvim_win_call(window, function()
        vim.fn.winrestview({ lnum = row, topline = row, col = 0 })
      end)
      return
    end
  end
end

---Open its window above the others.
---@param review agentls.Review
---@param rows integer
local function open(review, rows)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buf, ('agentls://briefing/%d'):format(buf))
  vim.bo[buf].bufhidden, vim.bo[buf].filetype = 'wipe', 'markdown'
  vim.bo[buf].modifiable = false
  local window = vim.api.nvim_get_current_win()
  vim.cmd(('topleft %dsplit'):format(rows))
  review.windows.briefing = vim.api.nvim_get_current_win()
  vim.api.nvim_win_set_buf(0, buf)
  vim.cmd.diffoff()
  local options = vim.wo[0][0]
  options.number, options.relativenumber, options.signcolumn = false, false, 'no'
  options.foldcolumn, options.foldenable, options.list, options.spell = '0', false, false, false
  options.wrap, options.linebreak, options.winbar = true, true, 'briefing'
  vim.wo.winfixheight = true
  keys.on_buffer(buf)
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = buf, nowait = true })
  vim.api.nvim_set_current_win(window)
end

---Make its window, unless the person wants none by itself.
---@param review agentls.Review
function M.make(review)
  if most_rows() > 0 then
    open(review, most_rows())
  end
end

---Show nothing: another task's is to come.
---@param review agentls.Review
function M.clear(review)
  review.briefing = {}
  fill(review)
end

---Take the text, and show it where there is a window for it.
---@param review agentls.Review
---@param text string
function M.take(review, text)
  local lines = vim.split(vim.trim(text), '\r?\n')
  if not vim.deep_equal(lines, review.briefing) then
    review.briefing = lines
    fill(review)
  end
end

---Go to it, with as much of it in sight as half of the screen holds.
---@param review agentls.Review
function M.show(review)
  local window = window_of(review)
  if not window then
    open(review, 1)
    fill(review)
    window = window_of(review) --[[@as integer]]
  end
  local most = math.max(1, math.floor(vim.o.lines / 2))
  vim.api.nvim_win_set_height(window, math.min(#review.briefing + 1, most))
  vim.api.nvim_set_current_win(window)
end

return M
