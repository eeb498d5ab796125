local async = require('agentls.async')
local client = require('agentls.client')
local errors = require('agentls.errors')
local notify = require('agentls.notify')
local pick = require('agentls.pick')

---Give the name of the script that is meant; raises when there is none.
---@async
---@param task string
---@param named? string
---@return string
local function choose(task, named)
  if named then
    return named
  end
  local scripts = client.ask('listScripts', { task = task }).scripts
  if #scripts == 0 then
    errors.raise(
      'The configuration has no script to run.',
      'Add one to .agentls.toml: [run.dev] and, below it, run = "…".'
    )
  elseif #scripts == 1 then
    return scripts[1].name
  end
  local chosen = async.select(scripts, {
    prompt = 'Run which script?',
    kind = 'agentls.script',
    format_item = function(script)
      return ('%-12s %s'):format(script.name, table.concat(script.commands, '; '))
    end,
  })
  return chosen and chosen.name or errors.quit()
end

---@type agentls.Command
return {
  args = '[task] [name]',
  says = "Run a script of the configuration in the task's worktree, and show its terminal."
    .. ' With `!`, end it; without a name, all that run.',
  complete = require('agentls.complete').tasks(),
  run = function(given)
    local id = pick.task(given.words[1], { prompt = 'Run a script for which task?' })
    if given.bang then
      client.ask('stopScript', { task = id, name = given.words[2] })
      notify.say(('%s of %s was stopped.'):format(given.words[2] or 'What ran', id))
      return
    end
    local task = client.ask('getTask', { task = id }).task
    local answer = require('agentls.trusting').with_trust(task.repository, function()
      local name = choose(id, given.words[2])
      return client.ask('runScript', { task = id, name = name })
    end)
    require('agentls.panel').open(id, answer.session)
  end,
}
