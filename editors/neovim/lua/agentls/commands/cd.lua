local client = require('agentls.client')
local pick = require('agentls.pick')

---@type agentls.Command
return {
  args = '[task]',
  says = "Open a tab page whose working folder is the task's worktree.",
  complete = require('agentls.complete').tasks(),
  run = function(given)
    local id = pick.task(given.words[1], { prompt = 'The worktree of which task?' })
    local task = client.ask('getTask', { task = id }).task
    local folder = vim.uri_to_fname(task.worktree)
    vim.cmd.tabnew()
    vim.cmd.tcd({ args = { folder }, magic = { file = false } })
    vim.t.agentls_task = task.id
    require('agentls.notify').say(('This tab page is in %s.'):format(folder))
  end,
}
