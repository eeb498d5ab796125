--- Finds the agentls program.
local errors = require('agentls.errors')

local M = {}

---@class agentls.Program
---@field argv string[] what runs agentls, without a command
---@field from string where it was found, for `:checkhealth`

---Give the folder of the checkout that this plugin stands in.
---@return string
local function checkout()
  local here = vim.uv.fs_realpath(debug.getinfo(1, 'S').source:sub(2))
  return vim.fs.dirname(here) .. '/../../../..'
end

---Find the program: the option, PATH, then the checkout's own environment.
---@return agentls.Program? program nil when there is none
function M.find()
  local cmd = require('agentls.config').values.cmd
  if cmd then
    local found = vim.fn.exepath(cmd[1]) ~= ''
    return found and { argv = cmd, from = 'the option `cmd`' } or nil
  end
  local on_path = vim.fn.exepath('agentls')
  if on_path ~= '' then
    return { argv = { on_path }, from = 'PATH' }
  end
  local own = vim.fs.normalize(checkout() .. '/.venv/bin/agentls')
  if vim.fn.executable(own) == 1 then
    return { argv = { own }, from = 'the checkout of the plugin' }
  end
  return nil
end

---Find the program, or raise an error that says how to get one.
---@return agentls.Program
function M.get()
  local program = M.find()
  if program then
    return program
  end
  local cmd = require('agentls.config').values.cmd
  if cmd then
    errors.raise(
      ('There is no program `%s`, which the option `cmd` names.'):format(cmd[1]),
      "Correct it in require('agentls').setup({ cmd = … }), or leave it out."
    )
  end
  return errors.raise(
    'There is no agentls program: neither on PATH, nor in the checkout of the plugin.',
    'Install it (`uv tool install agentls`, or `make setup` in the checkout), or name it: '
      .. "require('agentls').setup({ cmd = { '/path/to/agentls' } })."
  )
end

return M
