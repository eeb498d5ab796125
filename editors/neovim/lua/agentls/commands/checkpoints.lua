local async = require('agentls.async')
local client = require('agentls.client')
local notify = require('agentls.notify')
local pick = require('agentls.pick')

---@param checkpoint table CheckpointInfo
---@return string
local function line(checkpoint)
  return ('%3d  %s  %-20s %d files +%d -%d'):format(
    checkpoint.number,
    checkpoint.taken:sub(1, 16):gsub('T', ' '),
    checkpoint.reason,
    checkpoint.files,
    checkpoint.added,
    checkpoint.deleted
  )
end

---@type agentls.Command
return {
  args = '[task]',
  says = "Choose one of the task's checkpoints and bring its worktree back to it; the present"
    .. ' state is kept as a checkpoint first.',
  complete = require('agentls.complete').tasks(),
  run = function(given)
    local id = pick.task(given.words[1], { prompt = 'The checkpoints of which task?' })
    local list = client.ask('listCheckpoints', { task = id }).checkpoints
    if #list == 0 then
      notify.say(('%s has no checkpoint yet.'):format(id))
      return
    end
    local chosen = async.select(vim.iter(list):rev():totable(), {
      prompt = 'Bring the worktree back to which checkpoint?',
      kind = 'agentls.checkpoint',
      format_item = line,
    })
    if chosen then
      local answer = client.ask('rewind', { task = id, checkpoint = chosen.number })
      notify.say(('%s is back at checkpoint %d.'):format(answer.task.id, chosen.number))
    end
  end,
}
