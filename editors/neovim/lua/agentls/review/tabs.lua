--- The reviews that are open: one for each task, each in a tab page of its own.
local async = require('agentls.async')
local briefing = require('agentls.review.briefing')
local client = require('agentls.client')
local diff = require('agentls.review.diff')
local errors = require('agentls.errors')
local events = require('agentls.events')
local files = require('agentls.review.files')
local keys = require('agentls.review.keys')

local M = {}

---@class agentls.Review
---@field task agentls.Task
---@field prompt string
---@field tab integer
---@field since string
---@field change table ChangesResult
---@field files table[] FileInfo
---@field briefing string[] its lines
---@field index integer of the file that is shown; 0 for none
---@field windows { files: integer, old: integer, new: integer, briefing?: integer }
---@field files_buf integer
---@field head integer lines above the files in their list
---@field paths string[] as they were drawn last
---@field comments table[] CommentInfo
---@field opened table<integer, boolean> buffers of real files; true: this review loaded it
---@field due boolean it is read again soon

---@type table<integer, agentls.Review> by tab page
local reviews = {}

---Give the review of the present tab page; raises where there is none.
---@return agentls.Review
function M.present()
  return reviews[vim.api.nvim_get_current_tabpage()]
    or errors.raise('This tab page shows no review.', '`:AgentTask review` opens one.')
end

---Give the review of a task, if one is open.
---@param id string
---@return agentls.Review?
function M.of_task(id)
  for _, review in pairs(reviews) do
    if review.task.id == id then
      return review
    end
  end
end

---Tell whether a review is still open. Its buffer goes before `TabClosed` is told of.
---@param review agentls.Review
---@return boolean
function M.is_open(review)
  return reviews[review.tab] == review and vim.api.nvim_buf_is_valid(review.files_buf)
end

---Make the tab page with its three windows.
---@return agentls.Review
function M.make()
  vim.cmd.tabnew()
  local review = {
    tab = vim.api.nvim_get_current_tabpage(),
    since = 'base',
    files = {},
    comments = {},
    briefing = {},
    head = 0,
    paths = {},
    opened = {},
    index = 0,
    due = false,
  }
  local first = vim.api.nvim_get_current_buf()
  review.windows = { old = vim.api.nvim_get_current_win() }
  vim.cmd('rightbelow vsplit')
  review.windows.new = vim.api.nvim_get_current_win()
  vim.cmd(('topleft %dvsplit'):format(require('agentls.config').values.review.width))
  review.windows.files = vim.api.nvim_get_current_win()
  review.files_buf = files.make(review)
  briefing.make(review)
  vim.cmd.wincmd('=')
  vim.bo[first].bufhidden = 'wipe'
  keys.on_buffer(review.files_buf)
  reviews[review.tab] = review
  return review
end

---Let go of the buffers of real files that this review loaded and nobody changed.
---@param review agentls.Review
function M.forget_files(review)
  diff.leave(review)
  for buf, ours in pairs(review.opened) do
    if vim.api.nvim_buf_is_valid(buf) then
      keys.off_buffer(buf)
      if ours and not vim.bo[buf].modified and #vim.fn.win_findbuf(buf) == 0 then
        vim.api.nvim_buf_delete(buf, {})
      end
    end
  end
  review.opened = {}
end

---Close a review's tab page.
---@param review agentls.Review
function M.close(review)
  if vim.api.nvim_tabpage_is_valid(review.tab) then
    if #vim.api.nvim_list_tabpages() == 1 then
      vim.cmd.tabnew()
    end
    vim.cmd.tabclose(vim.api.nvim_tabpage_get_number(review.tab))
  end
end

---@param review agentls.Review
local function closed(review)
  reviews[review.tab] = nil
  M.forget_files(review)
  if review.task.state == 'merged' or review.task.state == 'discarded' then
    return
  end
  async.run(function()
    -- What is new since the last look is told from here on.
    client.ask('changes', { task = review.task.id, look = true, limit = 1 })
  end)
end

-- While the event lasts, the tab page is still there.
events.on('TabClosed', {
  callback = vim.schedule_wrap(function()
    for tab, review in pairs(reviews) do
      if not vim.api.nvim_tabpage_is_valid(tab) then
        closed(review)
        return
      end
    end
  end),
})

return M
