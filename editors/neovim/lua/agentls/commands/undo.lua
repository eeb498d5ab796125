local client = require('agentls.client')
local notify = require('agentls.notify')
local pick = require('agentls.pick')

---@type agentls.Command
return {
  args = '[task]',
  says = 'Take a merge back, while nothing came after it; the task is ready for review again.',
  complete = require('agentls.complete').tasks({ 'merged' }),
  run = function(given)
    local id =
      pick.task(given.words[1], { prompt = 'Take which merge back?', states = { 'merged' } })
    local answer = client.ask('undoMerge', { task = id })
    require('agentls.merging').reload(answer.checkout)
    notify.say(('%s is %s again.'):format(answer.task.id, answer.task.state))
  end,
}
