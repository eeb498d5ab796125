--- How a review ends: the task is merged or left, and the next one opens.
local client = require('agentls.client')
local errors = require('agentls.errors')
local notify = require('agentls.notify')
local tabs = require('agentls.review.tabs')

local M = {}

---@return table
local function reviewing()
  return require('agentls.review')
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
      tabs.close(review)
    end
    notify.say(told and told .. ' ' .. answer.why or answer.why)
    return
  end
  if told then
    notify.say(told)
  end
  if review then
    tabs.forget_files(review)
    reviewing().begin(review, task, '')
  else
    reviewing().open(task.id)
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

return M
