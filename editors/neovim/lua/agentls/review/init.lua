--- A review: one task's change in a tab page, from the first file to the merge.
local async = require('agentls.async')
local client = require('agentls.client')
local briefing = require('agentls.review.briefing')
local diff = require('agentls.review.diff')
local events = require('agentls.events')
local files = require('agentls.review.files')
local notify = require('agentls.notify')
local tabs = require('agentls.review.tabs')

local M = {
  present = tabs.present,
}

--- From which state a change is told, in the order in which the key goes round.
local SINCE = { 'base', 'looked', 'turn' }
local PAGE = 10000

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

---Show a file of the change in the two windows of the diff.
---@async
---@param review agentls.Review
---@param index integer
---@param at? 'first'|'last' which hunk the cursor goes to
function M.show(review, index, at)
  review.index = index
  files.mark_current(review)
  files.go_to_current(review)
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
---@return table? FileInfo of the file that was shown
local function take(review, change, comments)
  local shown = review.files[review.index]
  review.change, review.files, review.comments = change, change.files, comments
  review.index = 0
  for index, file in ipairs(review.files) do
    if shown and file.path == shown.path then
      review.index = index
    end
  end
  return shown
end

---Read the briefing, and show it where the review has a window for it.
---@async
---@param review agentls.Review
local function read_briefing(review)
  local id = review.task.id
  local text = client.ask('briefing', { task = id }).text
  if tabs.is_open(review) and review.task.id == id then
    briefing.take(review, text)
  end
end

---Show a task in a review's tab page.
---@async
---@param review agentls.Review
---@param task agentls.Task
---@param prompt string
function M.begin(review, task, prompt)
  review.task, review.prompt = task, prompt
  pcall(vim.api.nvim_buf_set_name, review.files_buf, ('agentls://%s/files'):format(task.id))
  vim.api.nvim_tabpage_set_var(review.tab, 'agentls_task', task.id)
  review.files, review.index, review.since = {}, 0, SINCE[1]
  briefing.clear(review)
  local change, comments = read_change(task.id, review.since), read_comments(task.id)
  if not tabs.is_open(review) or review.task.id ~= task.id then
    return
  end
  take(review, change, comments)
  files.draw(review)
  if #review.files > 0 then
    M.show(review, 1)
  else
    diff.show_text(review, { 'Nothing is changed.' })
  end
  async.run(read_briefing, review)
end

---Open the review of a task, or go to the one that is open.
---@async
---@param id string
function M.open(id)
  local answer = client.ask('getTask', { task = id })
  local review = tabs.of_task(answer.task.id)
  if review then
    vim.api.nvim_set_current_tabpage(review.tab)
    M.refresh(review)
    return
  end
  review = tabs.make()
  M.begin(review, answer.task, answer.prompt or '')
end

---Tell whether what is shown of a file is no more what is to be shown.
---@param before table FileInfo
---@param now table FileInfo
---@return boolean
local function is_stale(before, now)
  for _, field in ipairs({ 'oldUri', 'uri', 'oldPath', 'status', 'binary', 'newMode' }) do
    if before[field] ~= now[field] then
      return true
    end
  end
  return false
end

---Read the change and the comments again, and draw what is new.
---@async
---@param review agentls.Review
function M.refresh(review)
  review.due = false
  local id, since = review.task.id, review.since
  local change = read_change(id, since)
  local comments = read_comments(id)
  if not tabs.is_open(review) or review.task.id ~= id or review.since ~= since then
    return
  end
  local index = review.index
  local before = take(review, change, comments)
  files.draw(review)
  diff.reload(review)
  if #review.files == 0 then
    diff.show_text(review, { 'Nothing is changed.' })
  elseif review.index == 0 then
    M.show(review, math.max(1, math.min(index, #review.files)))
  elseif before and is_stale(before, review.files[review.index]) then
    diff.keep_place(review, function()
      return diff.show(review, review.files[review.index])
    end)
    require('agentls.review.comments').draw(review)
  else
    require('agentls.review.comments').draw(review)
  end
  async.run(read_briefing, review)
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

events.on('User', {
  pattern = { 'AgentTaskChanged', 'AgentCommentsChanged', 'AgentViewedChanged' },
  callback = function(event)
    local task = event.data.task
    local review = tabs.of_task(type(task) == 'table' and task.id or task)
    if not review or not tabs.is_open(review) then
      return
    end
    if type(task) == 'table' then
      review.task = task
      if task.state == 'merged' or task.state == 'discarded' then
        files.draw(review)
        return
      end
    end
    if review.due then
      return
    end
    review.due = true
    vim.schedule(function()
      if tabs.is_open(review) then
        async.run(M.refresh, review)
      end
    end)
  end,
})

return M
