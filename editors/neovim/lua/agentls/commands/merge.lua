local pick = require('agentls.pick')

---@type agentls.Command
return {
  args = '[task]',
  says = 'Merge the task into its target: wholly, or nothing changes. With `!`, an agent that'
    .. ' still works is stopped first.',
  complete = require('agentls.complete').tasks({ 'review', 'failed', 'interrupted', 'waiting' }),
  run = function(given)
    local id =
      pick.task(given.words[1], { prompt = 'Merge which task?', states = { 'review' } })
    local merging = require('agentls.merging')
    local answer = merging.merge(id, { stop = given.bang or nil })
    require('agentls.notify').say(merging.sentence(answer))
  end,
}
