local async = require('agentls.async')
local client = require('agentls.client')
local errors = require('agentls.errors')
local pick = require('agentls.pick')

---@type agentls.Command
return {
  args = '[task] [title]',
  says = 'Give the task another title. Without one, you are asked.',
  complete = require('agentls.complete').tasks(),
  run = function(given)
    local id = pick.task(given.words[1], { prompt = 'Rename which task?' })
    local title = given.after(1)
    if title == '' then
      local task = client.ask('getTask', { task = id }).task
      title = async.input({ prompt = 'Title: ', default = task.title }) or errors.quit()
    end
    local task = client.ask('renameTask', { task = id, title = title }).task
    require('agentls.notify').say(('%s is now: %s'):format(task.id, task.title))
  end,
}
