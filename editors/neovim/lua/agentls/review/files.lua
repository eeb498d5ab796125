--- The list of a change's files, headed by what there is to know of the task.
local notify = require('agentls.notify')

local M = {}

local SPACE = vim.api.nvim_create_namespace('agentls.review.files')
local CURRENT = vim.api.nvim_create_namespace('agentls.review.current')
local LETTERS = {
  added = 'A',
  modified = 'M',
  deleted = 'D',
  renamed = 'R',
  copied = 'C',
  typeChanged = 'T',
}
local SINCE = {
  base = 'all of it',
  looked = 'since you last looked',
  turn = 'the last turn',
}

---@param review agentls.Review
---@return integer buf in the window of the files
function M.make(review)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].filetype = 'agentls-files'
  vim.bo[buf].bufhidden = 'wipe'
  vim.bo[buf].modifiable = false
  vim.api.nvim_win_set_buf(review.windows.files, buf)
  local options = vim.wo[review.windows.files][0]
  options.number, options.relativenumber, options.wrap = false, false, false
  options.signcolumn, options.foldcolumn, options.list = 'no', '0', false
  options.cursorline, options.winfixwidth, options.spell = true, true, false
  return buf
end

---@param review agentls.Review
---@return string[][][] lines of chunks
local function head(review)
  local task, change = review.task, review.change
  local lines = {
    {
      { task.id, 'AgentlsId' },
      { ' ' .. task.state, 'AgentlsHeading' },
      { ' ' .. task.agent, 'AgentlsAgent' },
    },
    { { notify.short(task.title, 200) } },
  }
  if task.why and task.why ~= '' then
    table.insert(lines, { { notify.short(task.why, 200), 'AgentlsWhy' } })
  end
  local outlook = require('agentls.forecast').short(task)
  if outlook then
    table.insert(lines, { outlook })
  end
  table.insert(lines, {
    { ('%d file%s '):format(change.count, change.count == 1 and '' or 's') },
    { ('+%d'):format(change.added), 'AgentlsAdded' },
    { (' -%d'):format(change.deleted), 'AgentlsDeleted' },
    { (' · %d viewed'):format(change.viewed), 'AgentlsHint' },
  })
  table.insert(lines, { { SINCE[review.since], 'AgentlsHint' } })
  for _, skipped in ipairs(change.skipped or {}) do
    table.insert(lines, { { 'left out: ' .. skipped, 'AgentlsWhy' } })
  end
  table.insert(lines, { { '' } })
  return lines
end

---@param file table FileInfo
---@param comments integer
---@return string[][]
local function row(file, comments)
  local name = vim.fn.strtrans(file.path)
  local size = file.binary and ' binary'
    or (' +%d -%d'):format(file.added or 0, file.deleted or 0)
  local group = file.viewed and 'AgentlsViewed' or nil
  return {
    {
      file.viewed and '✓ ' or (file.viewedHunks or 0) > 0 and '· ' or '  ',
      'AgentlsStateReview',
    },
    { LETTERS[file.status] .. ' ', group or 'AgentlsHint' },
    { name, group },
    { size, 'AgentlsHint' },
    {
      comments > 0 and (' %d comment%s'):format(comments, comments == 1 and '' or 's') or '',
      'AgentlsComment',
    },
  }
end

---Give the file that the cursor is on, as it was drawn last.
---@param review agentls.Review
---@return string?
local function path_under_cursor(review)
  if vim.api.nvim_win_is_valid(review.windows.files) then
    local line = vim.api.nvim_win_get_cursor(review.windows.files)[1]
    return review.paths[line - review.head]
  end
end

---Have the cursor on a file where it is drawn now.
---@param review agentls.Review
---@param path? string
local function go_to_path(review, path)
  for index, file in ipairs(path and review.files or {}) do
    if file.path == path then
      vim.api.nvim_win_set_cursor(review.windows.files, { review.head + index, 0 })
    end
  end
end

---Draw the list. The cursor stays on its file.
---@param review agentls.Review
function M.draw(review)
  local counts = {}
  for _, comment in ipairs(review.comments) do
    if comment.path then
      counts[comment.path] = (counts[comment.path] or 0) + 1
    end
  end
  local path = path_under_cursor(review)
  local lines = head(review)
  review.head = #lines
  review.paths = {}
  for _, file in ipairs(review.files) do
    table.insert(lines, row(file, counts[file.path] or 0))
    table.insert(review.paths, file.path)
  end
  local texts = {}
  for index, chunks in ipairs(lines) do
    local parts = vim.tbl_map(function(chunk)
      return chunk[1]
    end, chunks)
    texts[index] = table.concat(parts)
  end
  local buf = review.files_buf
  vim.bo[buf].modifiable = true
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, texts)
  vim.bo[buf].modifiable = false
  vim.api.nvim_buf_clear_namespace(buf, SPACE, 0, -1)
  for index, chunks in ipairs(lines) do
    local at = 0
    for _, chunk in ipairs(chunks) do
      if chunk[2] and chunk[1] ~= '' then
        vim.api.nvim_buf_set_extmark(buf, SPACE, index - 1, at, {
          end_col = at + #chunk[1],
          hl_group = chunk[2],
        })
      end
      at = at + #chunk[1]
    end
  end
  M.mark_current(review)
  go_to_path(review, path)
end

---Show which file is in the diff.
---@param review agentls.Review
function M.mark_current(review)
  vim.api.nvim_buf_clear_namespace(review.files_buf, CURRENT, 0, -1)
  if review.index > 0 then
    vim.api.nvim_buf_set_extmark(review.files_buf, CURRENT, review.head + review.index - 1, 0, {
      line_hl_group = 'AgentlsCurrentFile',
    })
  end
end

---Have the cursor on the file that is in the diff.
---@param review agentls.Review
function M.go_to_current(review)
  if review.index > 0 and vim.api.nvim_win_is_valid(review.windows.files) then
    vim.api.nvim_win_set_cursor(review.windows.files, { review.head + review.index, 0 })
  end
end

---Give the index of the file under the cursor; nil in the head.
---@param review agentls.Review
---@return integer?
function M.under_cursor(review)
  local index = vim.api.nvim_win_get_cursor(review.windows.files)[1] - review.head
  return index >= 1 and index <= #review.files and index or nil
end

return M
