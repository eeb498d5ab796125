local async = require('agentls.async')
local client = require('agentls.client')
local errors = require('agentls.errors')
local pick = require('agentls.pick')

local WORDS = 'in words …'

---Let the person choose an answer, or write one.
---@async
---@param task agentls.Task
---@return table arguments of respond
local function choose(task)
  local asked = task.asked or {}
  local choices = vim.list_slice(asked.choices or {})
  if asked.takesText then
    table.insert(choices, WORDS)
  end
  if #choices == 0 then
    errors.raise(
      ('%s asks nothing that can be answered from here.'):format(task.id),
      ('`:AgentTask open %s` shows its terminal: answer there.'):format(task.id)
    )
  end
  local chosen = async.select(choices, {
    prompt = asked.text or task.why or task.title,
    kind = 'agentls.answer',
  }) or errors.quit()
  if chosen == WORDS then
    return { text = async.input({ prompt = 'Answer: ' }) or errors.quit() }
  end
  return { choice = chosen }
end

---@type agentls.Command
return {
  args = '[task] [answer]',
  says = 'Answer what the agent asks: one of its choices (`allow`, `deny`, …), or words. Without'
    .. ' an answer, you are asked.',
  complete = require('agentls.complete').tasks({ 'waiting' }),
  run = function(given)
    local id =
      pick.task(given.words[1], { prompt = 'Answer which agent?', states = { 'waiting' } })
    local task = client.ask('getTask', { task = id }).task
    local text = given.after(1)
    local answer
    if text == '' then
      answer = choose(task)
    elseif vim.tbl_contains((task.asked or {}).choices or {}, text) then
      answer = { choice = text }
    else
      answer = { text = text }
    end
    task = client.ask('respond', vim.tbl_extend('force', { task = task.id }, answer)).task
    require('agentls.notify').say(('%s was answered; it is %s.'):format(task.id, task.state))
  end,
}
