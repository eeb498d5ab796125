local client = require('agentls.client')
local notify = require('agentls.notify')
local pick = require('agentls.pick')

---@type agentls.Command
return {
  args = '[task]',
  says = "Push the task's branch and make a pull request of it, instead of a merge.",
  complete = require('agentls.complete').tasks({ 'review', 'failed', 'interrupted' }),
  run = function(given)
    local id = pick.task(given.words[1], { prompt = 'Push which task?', states = { 'review' } })
    local answer = client.ask('createPullRequest', { task = id })
    local made = answer.task.pullRequest or {}
    local page = made.url or answer.offer
    notify.say(('%s was pushed.%s'):format(answer.task.id, page and ' ' .. page or ''))
  end,
}
