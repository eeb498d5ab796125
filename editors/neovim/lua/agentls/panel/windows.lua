--- The windows of panels: how large their terminal is, and what the bar above it says.
local store = require('agentls.store')

local M = {}

---Give the size of the terminal in a buffer: of its largest window, as Neovim has it.
---@param buf integer
---@return integer? rows
---@return integer? cols
function M.size(buf)
  local rows, cols
  for _, window in ipairs(vim.fn.win_findbuf(buf)) do
    local info = vim.fn.getwininfo(window)[1]
    rows = math.max(rows or 1, info.height)
    cols = math.max(cols or 1, info.width - info.textoff)
  end
  return rows, cols
end

---Say in its windows whose panel it is, and who types.
---@param panel agentls.Panel
function M.show_state(panel)
  local task = store.get(panel.task)
  local parts = { panel.task, task and task.state or '' }
  if panel.ended then
    table.insert(parts, panel.ended)
  elseif not panel.controller then
    table.insert(parts, 'another client types; type to take over')
  end
  local head = table.concat(parts, ' · ')
  local left = math.max(8, panel.cols - vim.api.nvim_strwidth(head) - 4)
  local title = require('agentls.notify').short(task and task.title or '', left)
  local bar = ('%%#AgentlsHeading# %s%%*  %s'):format(head, (title:gsub('%%', '%%%%')))
  for _, window in ipairs(vim.fn.win_findbuf(panel.buf)) do
    vim.wo[window][0].winbar = bar
  end
end

---Say how a session ended; `exit` is nil where nobody saw it.
---@param exit? table ExitInfo
---@return string
function M.how_it_ended(exit)
  if not exit then
    return 'its session vanished'
  elseif exit.signal then
    return ('ended by signal %d'):format(exit.signal)
  end
  return ('ended with status %d'):format(exit.status or 0)
end

---Put a panel's buffer into the present window, with nothing beside the terminal.
---@param panel agentls.Panel
function M.put_in(panel)
  vim.api.nvim_win_set_buf(0, panel.buf)
  local options = vim.wo[0][0]
  options.number, options.relativenumber, options.signcolumn = false, false, 'no'
  options.foldcolumn, options.wrap, options.list, options.spell = '0', false, false, false
  options.winbar = ' '
end

return M
