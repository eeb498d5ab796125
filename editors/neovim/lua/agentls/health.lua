--- `:checkhealth agentls`.
local M = {}

function M.check()
  local health = vim.health
  health.start('agentls')
  if vim.fn.has('nvim-0.11') == 1 then
    health.ok('Neovim is ' .. tostring(vim.version()))
  else
    health.error('Neovim 0.11 or newer is needed; this is ' .. tostring(vim.version()))
  end

  local program = require('agentls.server').find()
  if not program then
    local ok, err = pcall(require('agentls.server').get)
    assert(not ok)
    health.error(err.message, { err.hint })
    return
  end
  local shown = table.concat(program.argv, ' ')
  local argv = vim.list_extend(vim.list_slice(program.argv), { '--version' })
  local ran, done = pcall(function()
    return vim.system(argv, { text = true }):wait(10000)
  end)
  if ran and done.code == 0 then
    health.ok(('%s, from %s: %s'):format(shown, program.from, vim.trim(done.stdout)))
  else
    health.error(('%s, from %s, does not run'):format(shown, program.from), {
      ran and vim.trim(done.stderr) or tostring(done),
    })
    return
  end

  argv[#argv] = 'doctor'
  local doctor = vim.system(argv, { text = true }):wait(30000)
  local said = vim.trim(doctor.stdout .. doctor.stderr)
  if doctor.code == 0 then
    health.ok('`agentls doctor` finds nothing wrong')
  else
    health.warn('`agentls doctor` says:\n' .. said)
  end
  if require('agentls.client').present() then
    health.ok('connected to the server')
  else
    health.info('not connected; the first `:AgentTask` command connects')
  end
end

return M
