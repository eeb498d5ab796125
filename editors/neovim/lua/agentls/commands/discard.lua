local client = require('agentls.client')
local notify = require('agentls.notify')
local pick = require('agentls.pick')

local STATES =
  { 'queued', 'preparing', 'working', 'waiting', 'checking', 'review', 'failed', 'interrupted' }

---@type agentls.Command
return {
  args = '[task]',
  says = 'Put the task out of sight: worktree and branch go, and all of it is kept.',
  complete = require('agentls.complete').tasks(STATES),
  run = function(given)
    local id = pick.task(given.words[1], { prompt = 'Discard which task?', states = STATES })
    local task = client.ask('discardTask', { task = id }).task
    notify.say(('%s is %s.'):format(task.id, task.state))
  end,
}
