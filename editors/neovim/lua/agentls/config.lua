--- The options, checked when they are given.
local errors = require('agentls.errors')

local M = {}

---@class agentls.Config
---@field cmd? string[] the agentls program; looked for if absent
---@field start boolean start the server with Neovim, and not with the first command
---@field hints boolean show on the person's own files which lines tasks change too
---@field notify table<string, boolean> the states of which a person is told
---@field list agentls.Config.Place
---@field panel agentls.Config.Place
---@field prompt agentls.Config.Place
---@field review agentls.Config.Review
---@field keys agentls.Config.Keys

---@class agentls.Config.Place
---@field open string the command that opens a window for it; empty: the present one

---@class agentls.Config.Review
---@field width integer columns of the list of files
---@field briefing integer most rows of the briefing above the diff; 0: only by its key

---@class agentls.Config.Keys
---@field list table<string, string|false> action to key; false: no key
---@field review table<string, string|false> in a review, but not in the real file
---@field train table<string, string|false> in the window of a train
---@field file table<string, string|false> in the real file, while its review is open

---@type agentls.Config
local DEFAULTS = {
  cmd = nil,
  start = false,
  hints = true,
  notify = { waiting = true, failed = true, interrupted = true, review = true },
  list = { open = 'botright 15split' },
  panel = { open = 'botright vsplit' },
  prompt = { open = 'botright 15split' },
  review = { width = 40, briefing = 8 },
  keys = {
    list = {
      show = '<CR>',
      open = 'o',
      review = 'r',
      next = 'n',
      merge = 'm',
      send = 's',
      respond = 'i',
      rename = 't',
      new = 'a',
      stop = 'S',
      resume = 'R',
      discard = 'D',
      restore = 'U',
      cd = 'c',
      all = 'A',
      close = 'q',
      help = 'g?',
    },
    review = {
      show = '<CR>',
      next_hunk = ']',
      previous_hunk = '[',
      next_file = 'J',
      previous_file = 'K',
      viewed = 'v',
      comment = 'c',
      send = 's',
      merge = 'm',
      take = 't',
      refuse = 'x',
      take_file = 'T',
      refuse_file = 'X',
      since = 'l',
      briefing = 'b',
      panel = 'o',
      skip = 'n',
      close = 'q',
      help = 'g?',
    },
    train = {
      merge = 'm',
      again = 'r',
      review = '<CR>',
      log = 'l',
      close = 'q',
      help = 'g?',
    },
    file = {
      next_hunk = ']c',
      previous_hunk = '[c',
      next_file = ']f',
      previous_file = '[f',
      viewed = '<LocalLeader>v',
      comment = '<LocalLeader>c',
      send = '<LocalLeader>s',
      merge = '<LocalLeader>m',
      take = '<LocalLeader>t',
      refuse = '<LocalLeader>x',
      take_file = '<LocalLeader>T',
      refuse_file = '<LocalLeader>X',
      since = '<LocalLeader>l',
      briefing = '<LocalLeader>b',
      panel = '<LocalLeader>o',
      skip = '<LocalLeader>n',
      close = '<LocalLeader>q',
      help = '<LocalLeader>?',
    },
  },
}

---@type agentls.Config
M.values = vim.deepcopy(DEFAULTS)

---Take the options; what is left out keeps its default.
---@param given? table
function M.set(given)
  given = given or {}
  local merged = vim.tbl_deep_extend('force', DEFAULTS, given)
  M.check(given, DEFAULTS, '')
  if given.cmd ~= nil and not (vim.islist(given.cmd) and type(given.cmd[1]) == 'string') then
    errors.raise("setup: `cmd` must be a list of strings, as { 'agentls' }.")
  end
  M.values = merged
end

---Raise an error for the first option that isn't known, or of another type.
---@param given table
---@param known table
---@param path string
function M.check(given, known, path)
  if type(given) ~= 'table' then
    errors.raise('setup: the options must be a table.')
  end
  for name, value in pairs(given) do
    local place = path .. tostring(name)
    local wanted = known[name]
    if place ~= 'cmd' and wanted == nil then
      local names = vim.tbl_keys(known)
      table.sort(names)
      errors.raise(
        ('setup: there is no option `%s`.'):format(place),
        'There are: ' .. table.concat(names, ', ') .. '.'
      )
    elseif place:match('^keys%.%w+%.') then
      if value ~= false and type(value) ~= 'string' then
        errors.raise(('setup: `%s` must be a key, or false.'):format(place))
      end
    elseif type(wanted) == 'table' and type(value) == 'table' then
      M.check(value, wanted, place .. '.')
    elseif place ~= 'cmd' and type(value) ~= type(wanted) then
      errors.raise(('setup: `%s` must be a %s.'):format(place, type(wanted)))
    end
  end
end

return M
