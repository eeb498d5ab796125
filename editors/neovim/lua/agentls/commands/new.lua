local client = require('agentls.client')
local complete = require('agentls.complete')
local errors = require('agentls.errors')
local notify = require('agentls.notify')
local where = require('agentls.place')

local OPTIONS = { 'agent', 'base', 'target', 'branch', 'title', 'after', 'label' }

local open_tasks = complete.tasks({
  'queued',
  'preparing',
  'working',
  'waiting',
  'checking',
  'review',
  'failed',
  'interrupted',
})

---@async
local function create(arguments)
  local answer = require('agentls.trusting').with_trust(arguments.uri, function()
    return client.ask('createTask', arguments)
  end)
  local task = answer.task
  notify.say(('%s is %s.'):format(task.id, task.state))
end

---@type agentls.Command
return {
  args = '[agent=] [base=] [target=] [branch=] [title=] [after=] [label=] [prompt]',
  says = 'Give an agent a task. Without a prompt, a buffer opens to write it in. With a range,'
    .. ' the lines are quoted with their place. With `after=`, it begins when these tasks'
    .. ' (ids, with commas between) are merged. `label=` files it, for lists and routes.',
  complete = function(_, lead)
    if vim.startswith(lead, 'agent=') then
      return complete.option('agent', complete.agents())
    elseif vim.startswith(lead, 'base=') then
      local bases = vim.list_extend({ 'wip' }, complete.branches())
      return complete.option('base', bases)
    elseif vim.startswith(lead, 'target=') then
      return complete.option('target', complete.branches())
    end
    if vim.startswith(lead, 'after=') then
      return complete.option('after', open_tasks({}))
    end
    return vim.tbl_map(function(name)
      return name .. '='
    end, OPTIONS)
  end,
  run = function(given)
    for name in pairs(given.options) do
      if not vim.tbl_contains(OPTIONS, name) then
        errors.raise(
          ('`new` takes no `%s=`.'):format(name),
          'It takes: ' .. table.concat(OPTIONS, ', ') .. '.'
        )
      end
    end
    local at = where.here()
    local uri = vim.uri_from_fname(at)
    local function arguments(prompt)
      local after, label = given.options.after, given.options.label
      local sent = vim.tbl_extend('force', given.options, {
        prompt = prompt,
        uri = uri,
        after = after and vim.split(after, ',') or nil,
        labels = label and vim.split(label, ',') or nil,
      })
      sent.label = nil
      return sent
    end
    local root = vim.fs.root(at, '.git')
    local quoted = given.range
      and require('agentls.prompt').quote(given.range[1], given.range[2], root)
    local words = given.after(0)
    if words ~= '' then
      create(arguments(quoted and words .. '\n\n' .. table.concat(quoted, '\n') or words))
      return
    end
    local told = { 'New task in ' .. vim.fs.basename(root or at) }
    for _, name in ipairs(OPTIONS) do
      if given.options[name] then
        table.insert(told, ('%s %s'):format(name, given.options[name]))
      end
    end
    require('agentls.prompt').open({
      title = table.concat(told, ' · '),
      lines = quoted or nil,
      send = function(text)
        create(arguments(text))
      end,
    })
  end,
}
