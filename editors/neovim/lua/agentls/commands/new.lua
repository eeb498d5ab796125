local async = require('agentls.async')
local client = require('agentls.client')
local complete = require('agentls.complete')
local errors = require('agentls.errors')
local notify = require('agentls.notify')
local where = require('agentls.place')

local PATIENCE_MS = 2000
local OPTIONS = { 'agent', 'template', 'base', 'target', 'branch', 'title', 'after', 'label' }

---Have the person fill in a template's fields; quits when they don't.
---@async
---@param name string
---@param uri string
---@return table<string, string>
local function filled_in(name, uri)
  local fields = {}
  for _, template in ipairs(client.ask('listTemplates', { uri = uri }).templates) do
    if template.name == name then
      for _, field in ipairs(template.fields) do
        local prompt = field.ask .. ' '
        fields[field.name] = async.input({ prompt = prompt, default = field.default })
          or errors.quit()
      end
    end
  end
  return fields
end

---@return string[]
local function templates()
  local uri = vim.uri_from_fname(where.here())
  local names, told = {}, false
  async.run(function()
    for _, template in ipairs(client.ask('listTemplates', { uri = uri }).templates) do
      table.insert(names, template.name)
    end
    told = true
  end)
  vim.wait(PATIENCE_MS, function()
    return told
  end, 10)
  return names
end

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
  args = '[agent=] [template=] [base=] [target=] [branch=] [title=] [after=] [label=] [prompt]',
  says = 'Give an agent a task. Without a prompt, a buffer opens to write it in. With a range,'
    .. ' the lines are quoted with their place. With `after=`, it begins when these tasks'
    .. ' (ids, with commas between) are merged. `label=` files it, for lists and routes.'
    .. ' With `template=`, you are asked for its fields, and a prompt comes after its text.',
  complete = function(_, lead)
    if vim.startswith(lead, 'agent=') then
      return complete.option('agent', complete.agents())
    elseif vim.startswith(lead, 'base=') then
      local bases = vim.list_extend({ 'wip' }, complete.branches())
      return complete.option('base', bases)
    elseif vim.startswith(lead, 'target=') then
      return complete.option('target', complete.branches())
    end
    if vim.startswith(lead, 'template=') then
      return complete.option('template', templates())
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
    local template = given.options.template
    local fields = template and filled_in(template, uri)
    local function arguments(prompt)
      local after, label = given.options.after, given.options.label
      local sent = vim.tbl_extend('force', given.options, {
        prompt = prompt,
        uri = uri,
        fields = fields and next(fields) and fields or nil,
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
    if template and words == '' and not quoted then
      create(arguments(''))
      return
    end
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
