local pick = require('agentls.pick')

---@type agentls.Command
return {
  args = '[task]',
  says = "Show the task's session in a terminal window, and type into it.",
  complete = require('agentls.complete').tasks(),
  run = function(given)
    require('agentls.panel').open(pick.task(given.words[1], { prompt = 'Show which session?' }))
  end,
}
