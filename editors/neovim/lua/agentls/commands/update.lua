local pick = require('agentls.pick')
local updating = require('agentls.updating')

local STATES = { 'review', 'failed', 'interrupted', 'waiting', 'working' }

---@type agentls.Command
return {
  args = '[abort=yes] [task]',
  says = "Bring the target's progress into the task's worktree. On a conflict, choose: resolve"
    .. ' it here, in three windows in diff mode, and run the command again when it is written;'
    .. ' or have the agent do it. `abort=yes` goes back to what was before. With `!`, an agent'
    .. ' that still works is stopped first.',
  complete = require('agentls.complete').tasks(STATES),
  run = function(given)
    local id = pick.task(given.words[1], { prompt = 'Update which task?', states = STATES })
    if given.options.abort then
      updating.update(id, { abort = true })
    else
      updating.update_or_choose(id, { stop = given.bang or nil })
    end
  end,
}
