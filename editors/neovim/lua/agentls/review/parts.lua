--- Taking or refusing a part of a change.
local client = require('agentls.client')
local errors = require('agentls.errors')
local notify = require('agentls.notify')

local M = {}

---@param review agentls.Review
---@return string path of the shown file
local function path(review)
  local file = review.files[review.index]
  return file and file.path or errors.raise('No file is shown.')
end

---Merge the shown file, and leave the rest in review.
---@async
---@param review agentls.Review
function M.take(review)
  local answer = client.ask('applyHunks', { task = review.task.id, paths = { path(review) } })
  require('agentls.merging').reload(answer.checkout)
  notify.say(('%d hunks were merged, %d are left.'):format(answer.taken, answer.left))
  local reviewing = require('agentls.review')
  if answer.task.state == 'merged' then
    reviewing.next(review)
  else
    reviewing.refresh(review)
  end
end

---Put the shown file back as the base has it; what it was is kept.
---@async
---@param review agentls.Review
function M.refuse(review)
  local answer = client.ask('refuseHunks', { task = review.task.id, paths = { path(review) } })
  notify.say(
    ('%d hunks were put back; checkpoint %d has them.'):format(
      answer.refused,
      answer.checkpoint
    )
  )
  require('agentls.review').refresh(review)
end

return M
