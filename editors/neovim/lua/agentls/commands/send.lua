local client = require('agentls.client')
local notify = require('agentls.notify')
local pick = require('agentls.pick')

---@async
local function send(task, text)
  local told = client.ask('sendPrompt', { task = task, text = text }).task
  notify.say(('%s was told; it is %s.'):format(told.id, told.state))
end

---@type agentls.Command
return {
  args = '[task] [text]',
  says = 'Tell the agent something. Without a text, a buffer opens to write it in. With a range,'
    .. ' the lines are quoted with their place.',
  complete = require('agentls.complete').tasks(),
  run = function(given)
    local prompt = require('agentls.prompt')
    local quoted
    if given.range then
      local task = require('agentls.store').of_file(vim.api.nvim_buf_get_name(0))
      local root = task and vim.uri_to_fname(task.worktree) or vim.fs.root(0, '.git')
      quoted = prompt.quote(given.range[1], given.range[2], root)
    end
    local id = pick.task(given.words[1], { prompt = 'Tell which agent something?' })
    local text = given.after(1)
    if text ~= '' then
      send(id, quoted and text .. '\n\n' .. table.concat(quoted, '\n') or text)
      return
    end
    prompt.open({
      title = 'To the agent of ' .. id,
      lines = quoted,
      task = id,
      send = function(written)
        send(id, written)
      end,
    })
  end,
}
