--- The subcommands of `:AgentTask`: which there are, how they are read and completed.
local errors = require('agentls.errors')

local M = {}

---@class agentls.Command
---@field args string what it takes, as the help shows it
---@field says string one line for the help
---@field complete? fun(words: string[], lead: string): string[] words before the last one
---@field run async fun(given: agentls.Given)

---@class agentls.Given what stood behind the subcommand
---@field words string[]
---@field after fun(words: integer): string the text behind so many words, as it was typed
---@field options table<string, string> from `name=value`
---@field range? { [1]: integer, [2]: integer } lines of the present buffer
---@field bang boolean

--- In the order of the help. Each is a module of its own, read when it is used.
M.NAMES = {
  'new',
  'list',
  'race',
  'batch',
  'open',
  'send',
  'respond',
  'rename',
  'review',
  'next',
  'merge',
  'undo',
  'update',
  'pr',
  'forecast',
  'train',
  'report',
  'checkpoints',
  'script',
  'discard',
  'restore',
  'stop',
  'resume',
  'retry',
  'cd',
  'agents',
  'log',
  'trust',
}

---Give a subcommand by its name.
---@param name string
---@return agentls.Command
function M.get(name)
  if not vim.tbl_contains(M.NAMES, name) then
    errors.raise(
      ('There is no `:AgentTask %s`.'):format(name),
      'There are: ' .. table.concat(M.NAMES, ', ') .. '.'
    )
  end
  return require('agentls.commands.' .. name)
end

---Read words and `name=value` pairs; the pairs end at the first other word.
---@param given table as nvim_create_user_command gives it
---@return agentls.Given
local function parse(given)
  local words, options = vim.list_slice(given.fargs, 2), {}
  local skipped = 1 -- the subcommand
  while words[1] and words[1]:match('^%l+=') do
    local name, value = words[1]:match('^(%l+)=(.*)$')
    options[name] = value
    table.remove(words, 1)
    skipped = skipped + 1
  end
  return {
    words = words,
    after = function(count)
      local text = vim.trim(given.args or table.concat(given.fargs, ' '))
      for _ = 1, skipped + count do
        text = text:gsub('^%S+%s*', '', 1)
      end
      return text
    end,
    options = options,
    range = (given.range or 0) > 0 and { given.line1, given.line2 } or nil,
    bang = given.bang or false,
  }
end

---Run `:AgentTask …`.
---@param given table as nvim_create_user_command gives it
function M.run(given)
  require('agentls.events').listen()
  require('agentls.async').run(function()
    M.get(given.fargs[1] or 'list').run(parse(given))
  end)
end

---Complete `:AgentTask …`.
---@param lead string
---@param line string
---@param cursor integer
---@return string[]
function M.complete(lead, line, cursor)
  local before = line:sub(1, cursor):gsub('^.-AgentTask!?%s+', '', 1)
  local words = vim.split(before, '%s+')
  table.remove(words) -- the lead
  local found = M.NAMES
  if #words > 0 then
    local ok, command = pcall(M.get, words[1])
    if not (ok and command.complete) then
      return {}
    end
    require('agentls.events').listen()
    found = command.complete(vim.list_slice(words, 2), lead)
  end
  return vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, found)
end

return M
