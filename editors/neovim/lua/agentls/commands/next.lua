---@type agentls.Command
return {
  args = '',
  says = 'Review the task that comes next: checks that passed, no conflict, small, old.',
  run = function()
    require('agentls.review.onward').next()
  end,
}
