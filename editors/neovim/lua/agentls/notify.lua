--- All that the plugin says to the person.
local errors = require('agentls.errors')

local M = {}

local TITLE = { title = 'agentls' }
local SENTENCES = {
  waiting = { 'waits for you', vim.log.levels.WARN },
  failed = { 'failed', vim.log.levels.ERROR },
  interrupted = { 'was interrupted', vim.log.levels.WARN },
  review = { 'is ready for review', vim.log.levels.INFO },
}

---Say something soon: an error in the midst of an autocommand would be shown as its own.
---@param text string
---@param level? integer
function M.say(text, level)
  vim.schedule(function()
    vim.notify(text, level or vim.log.levels.INFO, TITLE)
  end)
end

---Show what was thrown: an error's message and hint, or a bug with its trace.
---@param thrown any
---@param thread? thread in which it was thrown
function M.failure(thrown, thread)
  if errors.is_error(thrown) and thrown.quiet then
    return
  end
  local text = errors.is_error(thrown) and errors.text(thrown)
    or debug.traceback(thread or coroutine.running(), tostring(thrown))
  M.say(text, vim.log.levels.ERROR)
end

---Shorten a text to some columns.
---@param text string
---@param columns integer
---@return string
function M.short(text, columns)
  text = text:gsub('%s+', ' ')
  if vim.api.nvim_strwidth(text) <= columns then
    return text
  end
  return vim.fn.strcharpart(text, 0, columns - 1) .. '…'
end

---Tell the person that a task came to a state that needs them.
---@param task agentls.Task
---@param before? agentls.Task
function M.task_changed(task, before)
  local sentence = SENTENCES[task.state]
  local told = require('agentls.config').values.notify[task.state]
  if not (sentence and told) or (before and before.state == task.state) then
    return
  end
  if require('agentls.panel').has_focus(task.id) then
    return
  end
  local text = ('%s %s: %s'):format(task.id, sentence[1], task.title)
  M.say(M.short(text, math.max(20, vim.o.columns - 20)), sentence[2])
end

return M
