local client = require('agentls.client')

---Say what one side of an outlook holds.
---@param lines string[][] chunks
---@param with string
---@param outlook table OutlookInfo
local function tell(lines, with, outlook)
  if outlook.outcome == 'clean' then
    table.insert(lines, { ('    clean with %s\n'):format(with) })
    return
  end
  table.insert(lines, { ('    %s with %s\n'):format(outlook.outcome, with), 'AgentlsConflict' })
  for _, file in ipairs(outlook.files or {}) do
    table.insert(lines, { ('      %s\n'):format(vim.fn.strtrans(file.path)) })
  end
end

---@type agentls.Command
return {
  args = '[task]',
  says = 'Say what would conflict: tasks with their targets, with each other, and with your'
    .. ' uncommitted changes.',
  complete = require('agentls.complete').tasks(),
  run = function(given)
    local answer = client.ask('forecast', given.words[1] and { task = given.words[1] } or {
      uri = vim.uri_from_fname(vim.fn.getcwd()),
    })
    local store = require('agentls.store')
    local lines = {}
    for _, outlook in ipairs(answer.tasks) do
      local task = store.get(outlook.task)
      table.insert(lines, { outlook.task, 'AgentlsId' })
      table.insert(lines, { ('  %s\n'):format(task and task.title:gsub('%s+', ' ') or '') })
      tell(lines, task and task.target or 'the target', outlook.target)
      tell(lines, 'what you did not commit', outlook.user)
      for _, pair in ipairs(outlook.tasks or {}) do
        tell(lines, pair.task, pair)
      end
    end
    if #lines == 0 then
      lines = { { 'There is no open task with a checkpoint here.' } }
    end
    vim.api.nvim_echo(lines, false, {})
  end,
}
