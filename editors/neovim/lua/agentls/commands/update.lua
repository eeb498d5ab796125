local complete = require('agentls.complete')
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
  complete = function(words)
    if #words == 1 and vim.startswith(words[1], 'abort=') then
      return complete.ids(function(task)
        return task.openUpdate == true
      end)
    end
    return complete.tasks(STATES)(words)
  end,
  run = function(given)
    if given.options.abort then
      local id = pick.task(given.words[1], {
        prompt = 'Abort the update of which task?',
        open_update = true,
      })
      updating.update(id, { abort = true })
    else
      local id = pick.task(given.words[1], { prompt = 'Update which task?', states = STATES })
      updating.update_or_choose(id, { stop = given.bang or nil })
    end
  end,
}
