local async = require('agentls.async')
local client = require('agentls.client')
local complete = require('agentls.complete')
local errors = require('agentls.errors')
local notify = require('agentls.notify')

---Make a task of each of the items, as the buffer has them.
---@async
---@param arguments table CreateTasksParams
---@return table[] items BatchItemInfo
local function make(arguments)
  return require('agentls.trusting').with_trust(arguments.uri, function()
    return client.ask('createTasks', arguments).items
  end)
end

---@type agentls.Command
return {
  args = '[agent=] [base=] [target=]',
  says = 'Make a task of each open item of the checklist in the buffer, or in the range, after'
    .. ' showing them. Its box is ticked by the merge; an item that has a task gets no other.',
  complete = function(_, lead)
    if vim.startswith(lead, 'agent=') then
      return complete.option('agent', complete.agents())
    elseif lead:match('^base=') or lead:match('^target=') then
      return complete.option(lead:match('^%l+'), complete.branches())
    end
    return { 'agent=', 'base=', 'target=' }
  end,
  run = function(given)
    local path = vim.api.nvim_buf_get_name(0)
    if vim.bo.buftype ~= '' or path == '' then
      errors.raise('This buffer is no file.', 'Open the file with the checklist.')
    elseif vim.bo.modified then
      errors.raise('The file is not written; no task was made.', '`:w` writes it.')
    end
    local uri = vim.uri_from_fname(path)
    local arguments = vim.tbl_extend('force', given.options, { file = uri, uri = uri })
    if given.range then
      arguments.lines = vim.fn.range(given.range[1], given.range[2])
    end
    local dry = vim.tbl_extend('force', arguments, { dryRun = true })
    local fresh = vim.tbl_filter(function(item)
      return not item.task
    end, make(dry))
    if #fresh == 0 then
      notify.say('There is no open item without a task here.')
      return
    end
    local titles = vim.tbl_map(function(item)
      return '\n  ' .. notify.short(item.title, 70)
    end, fresh)
    local yes = ('make %d task%s'):format(#fresh, #fresh == 1 and '' or 's')
    local chosen = async.select({ yes, 'leave it' }, {
      prompt = 'Open items:' .. table.concat(titles),
      kind = 'agentls.batch',
    })
    if chosen ~= yes then
      return
    end
    local made = vim.tbl_filter(function(item)
      return item.made
    end, make(arguments))
    notify.say(('%d task%s made.'):format(#made, #made == 1 and ' was' or 's were'))
  end,
}
