local pick = require('agentls.pick')

---@type agentls.Command
return {
  args = '[task]',
  says = "Show all that the task's session has printed, as text to read and search.",
  complete = require('agentls.complete').tasks(),
  run = function(given)
    local id = pick.task(given.words[1], { prompt = 'The output of which task?' })
    require('agentls.output').show(id)
  end,
}
