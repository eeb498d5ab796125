local client = require('agentls.client')
local notify = require('agentls.notify')
local pick = require('agentls.pick')

local STATES = { 'preparing', 'working', 'waiting', 'checking' }

---@type agentls.Command
return {
  args = '[task]',
  says = 'Stop the agent; the work stays and is ready for review.',
  complete = require('agentls.complete').tasks(STATES),
  run = function(given)
    local id = pick.task(given.words[1], { prompt = 'Stop which agent?', states = STATES })
    local task = client.ask('stopTask', { task = id }).task
    notify.say(('%s is %s.'):format(task.id, task.state))
  end,
}
