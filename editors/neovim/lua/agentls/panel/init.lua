--- The live terminal of a session. The server says what to draw; typing goes to it.
local client = require('agentls.client')
local config = require('agentls.config')
local errors = require('agentls.errors')
local events = require('agentls.events')
local windows = require('agentls.panel.windows')

local M = {}

local WINDOW = 2 * 1024 * 1024 -- bytes on their way before an ack is needed
local ACK = WINDOW / 4 -- so many drawn bytes are told at once

---@class agentls.Panel
---@field task string
---@field session string
---@field buf integer
---@field channel integer of the terminal
---@field drawn integer byte of the log that follows what was drawn
---@field acked integer
---@field controller boolean we may type and resize
---@field taking boolean we asked for that
---@field typed string what waits until we may
---@field live boolean
---@field rows integer
---@field cols integer
---@field ended? string how the session ended

---@type table<string, agentls.Panel> by session: a connection attaches once to each
local panels = {}

---@param panel agentls.Panel
local function draw(panel, text, to)
  vim.api.nvim_chan_send(panel.channel, text)
  panel.drawn = to
end

---@param panel agentls.Panel
---@param more table what else to ask
local function attach(panel, more)
  panel.rows, panel.cols = windows.size(panel.buf)
  local answer = client.ask(
    'attach',
    vim.tbl_extend('force', {
      session = panel.session,
      repaint = true,
      window = WINDOW,
      rows = panel.rows,
      cols = panel.cols,
    }, more)
  )
  if panels[panel.session] ~= panel then
    return -- closed meanwhile
  end
  panel.controller, panel.live = answer.controller, answer.live
  panel.drawn, panel.acked = answer.offset, answer.offset
  if answer.repaint then
    vim.api.nvim_chan_send(panel.channel, answer.repaint)
  end
  if answer.live then
    panel.ended = nil
  end
  windows.show_state(panel)
end

---@param panel agentls.Panel
local function take_over(panel)
  if panel.taking then
    return
  end
  panel.taking = true
  require('agentls.async').run(function()
    local ok, err = pcall(attach, panel, { control = true, offset = panel.drawn })
    panel.taking = false
    local typed = panel.typed
    panel.typed = ''
    if not ok then
      error(err, 0)
    end
    if panel.controller and typed ~= '' then
      client.tell('input', { session = panel.session, text = typed })
    end
  end)
end

---@param panel agentls.Panel
---@param data string
local function type_input(panel, data)
  if not panel.live then
    return
  elseif panel.controller then
    client.tell('input', { session = panel.session, text = data })
  else
    panel.typed = panel.typed .. data
    take_over(panel)
  end
end

---@param panel agentls.Panel
local function forget(panel)
  if panels[panel.session] == panel then
    panels[panel.session] = nil
    if client.present() then
      require('agentls.async').run(function()
        client.ask('detach', { session = panel.session })
      end)
    end
  end
end

---Make the buffer and its terminal; the windows are left to the caller.
---@param task agentls.Task
---@param session string
---@return agentls.Panel
local function make(task, session)
  local buf = vim.api.nvim_create_buf(false, true)
  ---@type agentls.Panel
  local panel = {
    task = task.id,
    session = session,
    buf = buf,
    channel = 0,
    drawn = 0,
    acked = 0,
    controller = false,
    taking = false,
    typed = '',
    live = false,
    rows = 0,
    cols = 0,
  }
  vim.b[buf].agentls_task = task.id
  panels[session] = panel
  events.on('BufWipeout', {
    buffer = buf,
    callback = function()
      forget(panel)
    end,
  })
  return panel
end

---@param panel agentls.Panel
local function begin(panel)
  panel.channel = vim.api.nvim_open_term(panel.buf, {
    on_input = function(_, _, _, data)
      type_input(panel, data)
    end,
  })
  vim.api.nvim_buf_set_name(panel.buf, ('agentls://%s/%s'):format(panel.task, panel.session))
  vim.bo[panel.buf].filetype = 'agentls-panel'
  vim.bo[panel.buf].bufhidden = 'wipe'
end

---@param task agentls.Task
---@return table? SessionInfo
local function present_session(task)
  local sessions = task.sessions or {}
  for index = #sessions, 1, -1 do
    local kind = sessions[index].kind
    if kind == 'agent' or kind == 'setup' then
      return sessions[index]
    end
  end
end

---Show a session of a task: its present one, unless another is given.
---@async
---@param id string
---@param session? table SessionInfo
function M.open(id, session)
  local task = client.ask('getTask', { task = id }).task
  session = session or present_session(task)
  if not session then
    errors.raise(
      ('Task %s has no session yet: it is %s.'):format(task.id, task.state),
      'Its panel can be opened once it is prepared.'
    )
  end
  local panel = panels[session.id]
  local window = panel and vim.fn.bufwinid(panel.buf) or -1
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd(config.values.panel.open)
    panel = make(task, session.id)
    windows.put_in(panel)
    begin(panel)
    attach(panel, { control = session.live })
    if not session.live then
      panel.ended = windows.how_it_ended(session.exit)
      windows.show_state(panel)
    end
  end
  if session.live and vim.api.nvim_get_current_buf() == panel.buf then
    vim.cmd.startinsert()
  end
end

---Tell whether the task's panel has the focus.
---@param id string
---@return boolean
function M.has_focus(id)
  return vim.bo.filetype == 'agentls-panel' and vim.b.agentls_task == id
end

---Attach again where each panel was: another daemon answers now.
function M.attach_all_again()
  for _, panel in pairs(panels) do
    require('agentls.async').run(function()
      attach(panel, { control = panel.controller, offset = panel.drawn })
    end)
  end
end

---@param params table OutputParams
function M.output(params)
  local panel = panels[params.session]
  if not panel or params.offset < panel.drawn then
    return
  end
  if params.gap then
    local lost = params['end'] - params.offset
    draw(panel, ('\r\n[%d bytes were not kept]\r\n'):format(lost), params['end'])
  elseif params.repaint then
    draw(panel, params.repaint, params['end'])
  else
    draw(panel, params.text or vim.base64.decode(params.base64), params['end'])
  end
  if panel.drawn - panel.acked >= ACK then
    panel.acked = panel.drawn
    client.tell('ack', { session = panel.session, ['end'] = panel.drawn })
  end
end

---@param params table SessionEndedParams
function M.session_ended(params)
  local panel = panels[params.session]
  if panel then
    panel.live, panel.ended = false, windows.how_it_ended(params.exit)
    windows.show_state(panel)
    if vim.api.nvim_get_current_buf() == panel.buf then
      vim.cmd.stopinsert()
    end
  end
end

---@param params table ControllerChangedParams
function M.controller_changed(params)
  local panel = panels[params.session]
  if panel then
    panel.controller = params.you
    windows.show_state(panel)
  end
end

---@param params table ResizedParams
function M.resized(params)
  local panel = panels[params.session]
  if panel and panel.controller then
    panel.rows, panel.cols = params.rows, params.cols
  end
end

---Go on with a task's next session, in the windows of the one before.
---@param panel agentls.Panel
---@param task agentls.Task
---@param session string
local function follow(panel, task, session)
  local shown_in = vim.fn.win_findbuf(panel.buf)
  local next_panel = panels[session] or make(task, session)
  for _, window in ipairs(shown_in) do
    vim.api.nvim_win_call(window, function()
      windows.put_in(next_panel)
    end)
  end
  if next_panel.channel == 0 then
    begin(next_panel)
    require('agentls.async').run(attach, next_panel, { control = true })
  end
end

---Show a task's new state, and follow it to its next session.
---@param task agentls.Task
function M.task_changed(task)
  local session = present_session(task)
  for _, panel in ipairs(vim.tbl_values(panels)) do
    if panel.task == task.id then
      windows.show_state(panel)
      if session and session.id ~= panel.session and session.live and not panel.live then
        follow(panel, task, session.id)
      end
    end
  end
end

---Tell the server each panel's size, where it is another than before.
local function sizes_changed()
  for _, panel in pairs(panels) do
    local rows, cols = windows.size(panel.buf)
    local changed = rows and (rows ~= panel.rows or cols ~= panel.cols)
    if changed and panel.controller and panel.live then
      panel.rows, panel.cols = rows, cols
      client.tell('resize', { session = panel.session, rows = rows, cols = cols })
    end
  end
end

events.on({ 'WinResized', 'VimResized', 'BufWinEnter' }, { callback = sizes_changed })

return M
