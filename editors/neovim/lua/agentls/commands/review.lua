local pick = require('agentls.pick')

---@type agentls.Command
return {
  args = '[task]',
  says = 'Review the change in a tab page: the files, what was there before, and the real files'
    .. ' of the worktree beside it. See |agentls-review|.',
  complete = require('agentls.complete').tasks({
    'review',
    'failed',
    'interrupted',
    'working',
    'waiting',
    'checking',
  }),
  run = function(given)
    local id =
      pick.task(given.words[1], { prompt = 'Review which task?', states = { 'review' } })
    require('agentls.review').open(id)
  end,
}
