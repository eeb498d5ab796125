local client = require('agentls.client')
local notify = require('agentls.notify')
local pick = require('agentls.pick')

local STATES = { 'discarded' }

---@type agentls.Command
return {
  args = '[task]',
  says = 'Bring a discarded task back as it was.',
  complete = require('agentls.complete').tasks(STATES),
  run = function(given)
    local id = pick.task(given.words[1], { prompt = 'Restore which task?', states = STATES })
    local task = client.ask('restoreTask', { task = id }).task
    notify.say(('%s is %s.'):format(task.id, task.state))
  end,
}
