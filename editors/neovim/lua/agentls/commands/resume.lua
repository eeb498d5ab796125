local client = require('agentls.client')
local notify = require('agentls.notify')
local pick = require('agentls.pick')

local STATES = { 'review', 'failed', 'interrupted' }

---@type agentls.Command
return {
  args = '[task]',
  says = "Go on with the agent's conversation after its session is over.",
  complete = require('agentls.complete').tasks(STATES),
  run = function(given)
    local id =
      pick.task(given.words[1], { prompt = 'Resume which conversation?', states = STATES })
    local task = client.ask('resumeTask', { task = id }).task
    notify.say(('%s is %s.'):format(task.id, task.state))
  end,
}
