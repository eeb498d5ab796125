-- Writes the tables of doc/agentls.txt from the code, between their marks:
--   nvim --headless -u NONE -l editors/neovim/generate_help.lua [--check]
local root = vim.fs.dirname(vim.fs.abspath(debug.getinfo(1, 'S').source:sub(2)))
vim.opt.runtimepath:append(root)
local PAGE = root .. '/doc/agentls.txt'
local COLUMNS, INDENT = 78, 28
local options = require('agentls.config')

---Wrap a text into lines that begin behind a head.
local function entry(head, text)
  local lines, line = {}, head
  if #head >= INDENT then
    table.insert(lines, head)
    line = ''
  end
  for word in text:gmatch('%S+') do
    if vim.api.nvim_strwidth(line) + #word + 1 > COLUMNS and vim.trim(line) ~= '' then
      table.insert(lines, line)
      line = ''
    end
    if #line < INDENT then
      line = line .. (' '):rep(INDENT - vim.api.nvim_strwidth(line)) .. word
    else
      line = line .. ' ' .. word
    end
  end
  table.insert(lines, line)
  return lines
end

local function tag(name)
  local text = '*' .. name .. '*'
  return (' '):rep(COLUMNS - #text) .. text
end

local function commands()
  local lines = {}
  local known = require('agentls.commands')
  for _, name in ipairs(known.NAMES) do
    local command = known.get(name)
    local args = command.args == '' and '' or ' ' .. command.args
    table.insert(lines, tag(':AgentTask-' .. name))
    vim.list_extend(lines, entry((':AgentTask %s%s'):format(name, args), command.says))
    table.insert(lines, '')
  end
  return lines
end

local function keys(actions, defaults)
  local lines = {}
  for _, action in ipairs(actions) do
    if defaults[action.action] then
      local head = ('%-15s%s'):format(defaults[action.action], action.action)
      vim.list_extend(lines, entry(head, action.says))
    end
  end
  return lines
end

local function highlights()
  local links = require('agentls.highlights').LINKS
  local names = vim.tbl_keys(links)
  table.sort(names)
  return vim.tbl_map(function(name)
    return name .. (' '):rep(INDENT - #name) .. links[name]
  end, names)
end

local TABLES = {
  { 'COMMANDS', commands },
  {
    'LIST KEYS',
    function()
      return keys(require('agentls.list').ACTIONS, options.values.keys.list)
    end,
  },
  {
    'TRAIN KEYS',
    function()
      return keys(require('agentls.train').ACTIONS, options.values.keys.train)
    end,
  },
  {
    'REVIEW KEYS',
    function()
      return keys(require('agentls.review.keys').ACTIONS, options.values.keys.review)
    end,
  },
  {
    'FILE KEYS',
    function()
      return keys(require('agentls.review.keys').ACTIONS, options.values.keys.file)
    end,
  },
  { 'HIGHLIGHT GROUPS', highlights },
}

local present = vim.fn.readfile(PAGE)
local page = vim.list_slice(present)
for _, made in ipairs(TABLES) do
  local first, last
  for row, line in ipairs(page) do
    if line == ('Table: %s ~'):format(made[1]) then
      first = row
    elseif
      first
      and not last
      and line == ''
      and vim.startswith(page[row + 1] or '', '======')
    then
      last = row
    end
  end
  assert(first and last, 'no place for the table ' .. made[1])
  local lines = made[2]()
  page = vim
    .iter({ vim.list_slice(page, 1, first), { '' }, lines, vim.list_slice(page, last) })
    :flatten()
    :totable()
end
-- One blank line between blocks.
local tidy = {}
for _, line in ipairs(page) do
  if line ~= '' or tidy[#tidy] ~= '' then
    table.insert(tidy, line)
  end
end
if vim.deep_equal(tidy, present) then
  return
elseif vim.tbl_contains(arg or {}, '--check') then
  io.stderr:write('editors/neovim/doc/agentls.txt is stale; run `make docs`.\n')
  os.exit(1)
end
vim.fn.writefile(tidy, PAGE)
