--- Taking or refusing a part of a change.
local client = require('agentls.client')
local diff = require('agentls.review.diff')
local errors = require('agentls.errors')
local notify = require('agentls.notify')

local M = {}

---@param review agentls.Review
---@return table FileInfo of the shown file
local function shown(review)
  return review.files[review.index] or errors.raise('No file is shown.')
end

---Choose the hunks on some lines of a side. One that has no lines there is chosen by those
---on both sides of the gap, or by either where nothing else is on it.
---@param hunks table[] HunkInfo
---@param place { side: string, first: integer, last: integer }
---@return table[]
function M.choose(hunks, place)
  local on, beside = {}, {}
  for _, hunk in ipairs(hunks) do
    local first, count = hunk[place.side .. 'Start'], hunk[place.side .. 'Lines']
    local last = first + count - 1
    if count == 0 then
      first, last = first + 1, first
      if place.first <= first and place.last >= last then
        table.insert(beside, hunk)
      end
    end
    if place.first <= last and place.last >= first then
      table.insert(on, hunk)
    end
  end
  return #on > 0 and on or beside
end

---Give the ids of the hunks on the cursor's line or in the selection.
---@async
---@param review agentls.Review
---@param path string
---@param place { side: string, first: integer, last: integer }
---@return string[]
local function hunks_at(review, path, place)
  if place.side == 'old' and review.since ~= 'base' then
    errors.raise(
      'The left side is not what the task began from.',
      'Go to the right side, or show all of the change.'
    )
  end
  local buf = vim.api.nvim_win_get_buf(review.windows.new)
  if vim.bo[buf].modified then
    errors.raise(
      ('You changed %s and did not write it; nothing was done.'):format(path),
      '`:w` writes it.'
    )
  end
  local real = vim.bo[buf].buftype == ''
  local change =
    client.ask('changes', { task = review.task.id, paths = { path }, hunks = true })
  local hunks = {}
  for _, file in ipairs(change.files) do
    for _, hunk in ipairs(file.path == path and file.hunks or {}) do
      if not real or hunk.kind ~= 'file' then
        table.insert(hunks, hunk)
      end
    end
  end
  local ids = vim.tbl_map(function(hunk)
    return hunk.id
  end, real and M.choose(hunks, place) or hunks)
  if #ids == 0 then
    errors.raise(
      'There is no hunk on this line.',
      'The list of files, or the key for all of the file, means the whole file.'
    )
  end
  return ids
end

---Tell which part is meant: on a side of the diff its hunks there, else the whole file.
---@async
---@param review agentls.Review
---@param whole boolean the whole file is meant, wherever the cursor is
---@return table arguments
local function part(review, whole)
  local path = shown(review).path
  local place = diff.place(review)
  local arguments = { task = review.task.id, paths = { path } }
  if place.side and not whole then
    arguments.hunks = hunks_at(review, path, place)
  end
  return arguments
end

---@param count integer
---@param did string
---@return string
local function hunks(count, did)
  return ('%d hunk%s %s'):format(count, count == 1 and ' was' or 's were', did)
end

---Merge a part, and leave the rest in review.
---@async
---@param review agentls.Review
---@param whole boolean
function M.take(review, whole)
  local arguments = part(review, whole)
  local answer = require('agentls.trusting').with_trust(review.task.repository, function()
    return client.ask('applyHunks', arguments)
  end)
  require('agentls.merging').reload(answer.checkout)
  local told = hunks(answer.taken, ('merged, %d left.'):format(answer.left))
  if answer.task.state == 'merged' then
    require('agentls.review.onward').next(review, { told = told })
  else
    notify.say(told)
    require('agentls.review').refresh(review)
  end
end

---Put a part back as the base has it; what it was is kept.
---@async
---@param review agentls.Review
---@param whole boolean
function M.refuse(review, whole)
  local answer = client.ask('refuseHunks', part(review, whole))
  notify.say(
    hunks(
      answer.refused,
      ('put back; checkpoint %d has what was there.'):format(answer.checkpoint)
    )
  )
  require('agentls.review').refresh(review)
end

return M
