local client = require('agentls.client')
local notify = require('agentls.notify')
local pick = require('agentls.pick')

local STATES = { 'failed', 'interrupted' }

---@type agentls.Command
return {
  args = '[task]',
  says = 'Prepare and start a failed or interrupted task again, in its worktree.',
  complete = require('agentls.complete').tasks(STATES),
  run = function(given)
    local id = pick.task(given.words[1], { prompt = 'Retry which task?', states = STATES })
    local task = client.ask('retryTask', { task = id }).task
    notify.say(('%s is %s.'):format(task.id, task.state))
  end,
}
