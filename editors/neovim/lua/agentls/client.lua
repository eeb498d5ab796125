--- The one connection to the server: started when it is needed, and again when it ends.
local async = require('agentls.async')
local errors = require('agentls.errors')

local M = {}

local DELAY_FIRST_MS, DELAY_MOST_MS = 500, 30000
local CHANGE_MS = 500 -- the server wants a file's text seldom: when something else changed
local QUIET_MS = 60000 -- a server that lived so long begins with the first delay again

---@class agentls.Connection
---@field id? integer of the LSP client; nil while there is none
---@field ready boolean it has answered `initialize`
---@field waiting fun(err?: agentls.Error)[] who waits until it is
---@field began integer
---@field delay integer until the next start
---@field leaving boolean Neovim ends

---@type agentls.Connection
local connection = {
  ready = false,
  waiting = {},
  began = 0,
  delay = DELAY_FIRST_MS,
  leaving = false,
}

---@return vim.lsp.Client?
local function present()
  return connection.id and vim.lsp.get_client_by_id(connection.id) or nil
end

local function wake(err)
  local waiting = connection.waiting
  connection.waiting = {}
  for _, go_on in ipairs(waiting) do
    go_on(err)
  end
end

---What the agents of this Neovim's tasks need of its desktop.
local function environment()
  local given = {}
  for _, name in ipairs({ 'SSH_AUTH_SOCK', 'DISPLAY', 'WAYLAND_DISPLAY', 'LANG' }) do
    given[name] = vim.env[name]
  end
  return next(given) and given or vim.empty_dict()
end

local start -- below, as it and `ended` need each other

local function ended(code, signal)
  local lived = vim.uv.now() - connection.began
  local was_ready = connection.ready
  connection.id, connection.ready = nil, false
  if connection.leaving then
    return
  end
  wake({
    message = ('The server ended (status %d, signal %d).'):format(code, signal),
    hint = 'See `:checkhealth agentls`, `agentls doctor` and `:lua vim.cmd.edit(vim.lsp.log.get_filename())`.',
    kind = 'internal',
  })
  connection.delay = lived > QUIET_MS and DELAY_FIRST_MS
    or math.min(connection.delay * 2, DELAY_MOST_MS)
  if was_ready then
    vim.defer_fn(function()
      if not connection.id and not connection.leaving then
        async.run(start)
      end
    end, connection.delay)
  end
end

local function began()
  connection.ready = true
  wake()
  require('agentls.store').list_again()
end

local function handlers()
  local known = {}
  local function on(method, hear)
    known[method] = function(err, params)
      if not err then
        hear(params)
      end
      return vim.NIL
    end
  end
  local store = function()
    return require('agentls.store')
  end
  on('agentls/taskChanged', function(params)
    store().put(params.task)
  end)
  on('agentls/taskRemoved', function(params)
    store().remove(params.task, params.rev)
  end)
  on('agentls/reconnected', function()
    store().list_again()
    require('agentls.panel').attach_all_again()
  end)
  on('agentls/output', function(params)
    require('agentls.panel').output(params)
  end)
  on('agentls/sessionEnded', function(params)
    require('agentls.panel').session_ended(params)
  end)
  on('agentls/controllerChanged', function(params)
    require('agentls.panel').controller_changed(params)
  end)
  on('agentls/resized', function(params)
    require('agentls.panel').resized(params)
  end)
  on('agentls/forecastChanged', function(params)
    store().forecasts(params.tasks)
  end)
  on('agentls/viewedChanged', function(params)
    store().emit('AgentViewedChanged', { task = params.task })
  end)
  on('agentls/openRequested', function(params)
    require('agentls.async').run(require('agentls.review').open, params.task)
  end)
  on('agentls/commentsChanged', function(params)
    store().emit('AgentCommentsChanged', { task = params.task })
  end)
  return known
end

function start()
  if connection.id then
    return
  end
  local argv = vim.list_extend(vim.list_slice(require('agentls.server').get().argv), { 'lsp' })
  connection.began = vim.uv.now()
  connection.id = vim.lsp.start({
    name = 'agentls',
    cmd = argv,
    init_options = { environment = environment(), oddBytes = 'private', opensReviews = true },
    flags = { debounce_text_changes = CHANGE_MS },
    handlers = handlers(),
    on_init = began,
    on_exit = vim.schedule_wrap(ended),
  }, {
    attach = false,
    reuse_client = function()
      return false
    end,
  })
  if not connection.id then
    errors.raise(
      ('The server could not be started: %s.'):format(table.concat(argv, ' ')),
      'See `:checkhealth agentls`.'
    )
  end
end

---Wait until the server answers, and start it if need be.
---@async
---@return vim.lsp.Client
function M.connect()
  start()
  if not connection.ready then
    local err = async.await(function(go_on)
      table.insert(connection.waiting, go_on)
    end)
    if err then
      error(err, 0)
    end
  end
  local client = present()
  return client or errors.raise('The server ended.', 'Try again.')
end

---Start the server if it isn't there. Errors are shown.
function M.start()
  async.run(M.connect)
end

---Give the client if the server answers; nil if not.
---@return vim.lsp.Client?
function M.present()
  return connection.ready and present() or nil
end

---Run a command of the server and give its result; raises what it refuses.
---@async
---@param command string without `agentls.`
---@param arguments? table
---@return table
function M.ask(command, arguments)
  local client = M.connect()
  local err, result = async.await(function(go_on)
    local sent = client:request('workspace/executeCommand', {
      command = 'agentls.' .. command,
      arguments = { arguments or vim.empty_dict() },
    }, function(err, result)
      go_on(err, result)
    end)
    if not sent then
      go_on({
        message = 'The server ended before it was asked.',
        data = { hint = 'Try again.' },
      })
    end
  end)
  if err then
    error(errors.from_response(err), 0)
  end
  return result
end

---Give the text of one of the server's `agentls:` documents.
---@async
---@param uri string
---@return string
function M.document(uri)
  local client = M.connect()
  local err, result = async.await(function(go_on)
    client:request('workspace/textDocumentContent', { uri = uri }, function(err, result)
      go_on(err, result)
    end)
  end)
  if err then
    error(errors.from_response(err), 0)
  end
  return result.text
end

---Tell the server something; nothing happens while there is none.
---@param method string without `agentls/`
---@param params table
function M.tell(method, params)
  local client = connection.ready and present()
  if client then
    client:notify('agentls/' .. method, params)
  end
end

vim.api.nvim_create_autocmd('VimLeavePre', {
  group = vim.api.nvim_create_augroup('agentls', { clear = false }),
  callback = function()
    connection.leaving = true
  end,
})

return M
