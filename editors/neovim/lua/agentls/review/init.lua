--- A review: one task's change in a tab page, from the first file to the merge.
local async = require('agentls.async')
local client = require('agentls.client')
local diff = require('agentls.review.diff')
local errors = require('agentls.errors')
local events = require('agentls.events')
local files = require('agentls.review.files')
local keys = require('agentls.review.keys')
local notify = require('agentls.notify')

local M = {}

--- From which state a change is told, in the order in which the key goes round.
local SINCE = { 'base', 'looked', 'turn' }
local PAGE = 10000

---@class agentls.Review
---@field task agentls.Task
---@field prompt string
---@field tab integer
---@field since string
---@field change table ChangesResult
---@field files table[] FileInfo
---@field index integer of the file that is shown; 0 for none
---@field windows { files: integer, old: integer, new: integer }
---@field files_buf integer
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

---Ask for the change, all pages of it.
---@async
---@param id string
---@param since string
---@return table ChangesResult
local function read_change(id, since)
  local change = client.ask('changes', { task = id, from = since, limit = PAGE })
  local more = change.more
  while more do
    local page = client.ask('changes', { task = id, limit = PAGE, more = more })
    vim.list_extend(change.files, page.files)
    more = page.more
  end
  return change
end

---@async
local function read_comments(id)
  return client.ask('listComments', { task = id }).comments
end

---Make the tab page with its three windows.
---@return agentls.Review
local function make()
  vim.cmd.tabnew()
  local review = {
    tab = vim.api.nvim_get_current_tabpage(),
    since = SINCE[1],
    files = {},
    comments = {},
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
  vim.cmd.wincmd('=')
  vim.bo[first].bufhidden = 'wipe'
  keys.on_buffer(review.files_buf)
  reviews[review.tab] = review
  return review
end

---Show a file of the change in the two windows of the diff.
---@async
---@param review agentls.Review
---@param index integer
---@param at? 'first'|'last' which hunk the cursor goes to
function M.show(review, index, at)
  review.index = index
  files.mark_current(review)
  local shown = diff.show(review, review.files[index])
  if not shown or review.index ~= index then
    return -- another one was asked for meanwhile
  end
  require('agentls.review.comments').draw(review)
  diff.go_to_hunk(review, at or 'first')
end

---Take what was read, and keep the file that is shown.
---@param review agentls.Review
---@param change table
---@param comments table[]
local function take(review, change, comments)
  local shown = review.files[review.index]
  review.change, review.files, review.comments = change, change.files, comments
  review.index = 0
  for index, file in ipairs(review.files) do
    if shown and file.path == shown.path then
      review.index = index
    end
  end
end

---Show a task in a review's tab page.
---@async
---@param review agentls.Review
---@param task agentls.Task
---@param prompt string
local function begin(review, task, prompt)
  review.task, review.prompt = task, prompt
  pcall(vim.api.nvim_buf_set_name, review.files_buf, ('agentls://%s/files'):format(task.id))
  vim.api.nvim_tabpage_set_var(review.tab, 'agentls_task', task.id)
  review.files, review.index, review.since = {}, 0, SINCE[1]
  take(review, read_change(task.id, review.since), read_comments(task.id))
  files.draw(review)
  if #review.files > 0 then
    M.show(review, 1)
  else
    diff.show_text(review, { 'Nothing is changed.' })
  end
end

---Open the review of a task, or go to the one that is open.
---@async
---@param id string
function M.open(id)
  local answer = client.ask('getTask', { task = id })
  local review = M.of_task(answer.task.id)
  if review then
    vim.api.nvim_set_current_tabpage(review.tab)
    M.refresh(review)
    return
  end
  review = make()
  begin(review, answer.task, answer.prompt or '')
end

---Read the change and the comments again, and draw what is new.
---@async
---@param review agentls.Review
function M.refresh(review)
  review.due = false
  local change = read_change(review.task.id, review.since)
  local comments = read_comments(review.task.id)
  if reviews[review.tab] ~= review then
    return
  end
  take(review, change, comments)
  files.draw(review)
  diff.reload(review)
  if review.index == 0 and #review.files > 0 then
    M.show(review, 1)
  elseif #review.files == 0 then
    diff.show_text(review, { 'Nothing is changed.' })
  else
    require('agentls.review.comments').draw(review)
  end
end

---Go to the next or previous file; nothing happens behind the last one.
---@async
---@param review agentls.Review
---@param step 1|-1
---@param at? 'first'|'last'
---@return boolean moved
function M.step_file(review, step, at)
  local index = review.index + step
  if index < 1 or index > #review.files then
    notify.say(step > 0 and 'That was the last file.' or 'That was the first file.')
    return false
  end
  M.show(review, index, at)
  return true
end

---Go to the next or previous hunk, over all files.
---@async
---@param review agentls.Review
---@param step 1|-1
function M.step_hunk(review, step)
  if not diff.step(review, step) then
    M.step_file(review, step, step > 0 and 'first' or 'last')
  end
end

---Mark the shown file as viewed, and go on to the next; or take the mark off.
---@async
---@param review agentls.Review
function M.toggle_viewed(review)
  local file = review.files[review.index]
  if not file then
    return
  end
  local viewed = not file.viewed
  local answer = client.ask('markViewed', {
    task = review.task.id,
    paths = { file.path },
    viewed = viewed,
  })
  file.viewed = viewed
  review.change.viewed = answer.viewed
  files.draw(review)
  if viewed and review.index < #review.files then
    M.step_file(review, 1)
  end
end

---Go round what the change is told from: its base, the last look, the last turn.
---@async
---@param review agentls.Review
function M.cycle_since(review)
  for index, since in ipairs(SINCE) do
    if since == review.since then
      review.since = SINCE[index % #SINCE + 1]
      break
    end
  end
  M.refresh(review)
  if review.index > 0 then
    M.show(review, review.index)
  end
end

---Open the review of the task that comes next, in this review's tab page if given.
---@async
---@param review? agentls.Review
---@param options? { after?: string, told?: string, answer?: table }
---`after` is the task that was looked at, `told` what is to be said of it, `answer` what
---the server named already (NextReviewResult).
function M.next(review, options)
  options = options or {}
  local answer = options.answer or client.ask('nextReview', { after = options.after })
  local task, told = answer.task, options.told
  if not task or (review and task.id == review.task.id) then
    if review then
      M.close(review)
    end
    notify.say(told and told .. ' ' .. answer.why or answer.why)
    return
  end
  if told then
    notify.say(told)
  end
  if review then
    M.forget_files(review)
    begin(review, task, '')
  else
    M.open(task.id)
  end
end

---Merge, and go on with the next task.
---@async
---@param review agentls.Review
function M.merge(review)
  local modified = M.modified(review)
  if #modified > 0 then
    errors.raise(
      ('You changed %s and did not write it; nothing was merged.'):format(modified[1]),
      '`:wall` writes it, then merge again.'
    )
  end
  local merging = require('agentls.merging')
  local answer = merging.merge(review.task.id)
  M.next(review, { told = merging.sentence(answer), answer = answer.next })
end

---Give the files of the worktree that the person changed here and didn't write.
---@param review agentls.Review
---@return string[]
function M.modified(review)
  local root = vim.uri_to_fname(review.task.worktree) .. '/'
  local found = {}
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    local name = vim.api.nvim_buf_get_name(buf)
    if vim.bo[buf].modified and vim.startswith(name, root) then
      table.insert(found, name:sub(#root + 1))
    end
  end
  return found
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

events.on('User', {
  pattern = { 'AgentTaskChanged', 'AgentCommentsChanged' },
  callback = function(event)
    local task = event.data.task
    local review = M.of_task(type(task) == 'table' and task.id or task)
    if not review or review.due then
      return
    end
    if type(task) == 'table' then
      review.task = task
      if task.state == 'merged' or task.state == 'discarded' then
        files.draw(review)
        return
      end
    end
    review.due = true
    vim.schedule(function()
      if reviews[review.tab] == review then
        async.run(M.refresh, review)
      end
    end)
  end,
})

return M
