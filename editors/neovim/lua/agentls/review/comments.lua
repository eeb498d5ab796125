--- Comments on the lines of a change: shown beside them, written, and sent to the agent.
local async = require('agentls.async')
local client = require('agentls.client')
local diff = require('agentls.review.diff')
local notify = require('agentls.notify')

local M = {}

local SPACE = vim.api.nvim_create_namespace('agentls.review.comments')
local SIDES = { 'old', 'new' }

---@param review agentls.Review
---@param side string
---@return integer buf
local function buffer_of(review, side)
  return vim.api.nvim_win_get_buf(review.windows[side])
end

---Give the threads of the shown file, each a list of comments.
---@param review agentls.Review
---@return table[][]
local function threads(review)
  local file = review.files[review.index]
  local found, by_id = {}, {}
  for _, comment in ipairs(review.comments) do
    if file and comment.path == file.path then
      local thread = by_id[comment.thread]
      if not thread then
        thread = {}
        by_id[comment.thread] = thread
        table.insert(found, thread)
      end
      table.insert(thread, comment)
    end
  end
  return found
end

---@param comment table
---@return string
local function state_of(comment)
  local answer = comment.answer
      and ', the agent ' .. ({
        touched = 'changed these lines',
        near = 'changed lines near',
        untouched = 'changed nothing here',
      })[comment.answer.how]
    or ''
  return comment.state .. answer .. (comment.outdated and ', the lines are gone' or '')
end

---Draw the comments of the shown file beside their lines.
---@param review agentls.Review
function M.draw(review)
  for _, side in ipairs(SIDES) do
    vim.api.nvim_buf_clear_namespace(buffer_of(review, side), SPACE, 0, -1)
  end
  for _, thread in ipairs(threads(review)) do
    local first = thread[1]
    local buf = buffer_of(review, first.side)
    local line = math.min(first.line or 1, vim.api.nvim_buf_line_count(buf))
    local more = #thread > 1 and (' (+%d)'):format(#thread - 1) or ''
    vim.api.nvim_buf_set_extmark(buf, SPACE, line - 1, 0, {
      sign_text = '●',
      sign_hl_group = 'AgentlsComment',
      virt_text = {
        {
          ('  ● %s%s [%s]'):format(notify.short(first.text, 60), more, first.state),
          'AgentlsComment',
        },
      },
      virt_text_pos = 'eol',
    })
  end
end

---@async
---@param review agentls.Review
local function read_again(review)
  review.comments = client.ask('listComments', { task = review.task.id }).comments
  require('agentls.review.files').draw(review)
  M.draw(review)
end

---@param review agentls.Review
---@param title string
---@param place table what of AddCommentParams tells the place
local function write(review, title, place)
  require('agentls.prompt').open({
    title = title,
    task = review.task.id,
    send = function(text)
      client.ask(
        'addComment',
        vim.tbl_extend('force', { task = review.task.id, text = text }, place)
      )
      read_again(review)
    end,
  })
end

---Show a thread in a float over its line, with keys to go on with it.
---@param review agentls.Review
---@param thread table[]
local function show_thread(review, thread)
  local lines = {}
  for _, comment in ipairs(thread) do
    local who = comment.author == '' and 'you' or comment.author
    vim.list_extend(lines, { ('%s · %s'):format(who, state_of(comment)) })
    vim.list_extend(lines, vim.split(comment.text, '\n'))
    table.insert(lines, '')
  end
  table.insert(lines, 'r reply · x resolve · D delete · q close')
  local buf, window = vim.lsp.util.open_floating_preview(lines, 'markdown', {
    border = 'rounded',
    focus = true,
    focusable = true,
    close_events = {},
    max_width = 80,
    wrap = true,
  })
  vim.api.nvim_set_current_win(window)
  local function close()
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_close(window, true)
    end
  end
  local function key(lhs, run)
    vim.keymap.set('n', lhs, function()
      close()
      if run then
        async.run(run)
      end
    end, { buffer = buf, nowait = true })
  end
  local first = thread[1]
  key('q')
  key('<Esc>')
  key('r', function()
    write(review, 'Reply', { thread = first.id })
  end)
  key('x', function()
    client.ask('resolveComment', { task = review.task.id, comment = first.id })
    read_again(review)
  end)
  key('D', function()
    client.ask('deleteComment', { task = review.task.id, comment = first.id })
    read_again(review)
  end)
end

---Comment on the line, the selection or the file; on a commented line show the thread.
---@async
---@param review agentls.Review
function M.at_cursor(review)
  local place = diff.place(review)
  local file = review.files[review.index]
  if not file then
    write(review, 'Comment on the whole change', {})
    return
  elseif not place.side then
    write(review, 'Comment on ' .. file.path, { path = file.path })
    return
  end
  for _, thread in ipairs(threads(review)) do
    local line = thread[1].line or 1
    if place.side == thread[1].side and place.first == place.last and line == place.first then
      show_thread(review, thread)
      return
    end
  end
  local lines = place.first == place.last and tostring(place.first)
    or ('%d-%d'):format(place.first, place.last)
  write(review, ('Comment on %s:%s'):format(file.path, lines), {
    path = place.side == 'old' and (file.oldPath or file.path) or file.path,
    side = place.side,
    line = place.first,
    endLine = place.last,
  })
end

---Send all open comments to the agent, and go on with the next task.
---@async
---@param review agentls.Review
function M.send(review)
  local answer = client.ask('sendReview', { task = review.task.id })
  local count = #answer.comments
  local told = ('%s was told %d comment%s.'):format(
    answer.task.id,
    count,
    count == 1 and '' or 's'
  )
  require('agentls.review.onward').next(review, { told = told })
end

return M
