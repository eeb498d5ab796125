--- A buffer to write a prompt in: `:w` sends it, and a prompt that was refused comes back.
local async = require('agentls.async')
local config = require('agentls.config')
local events = require('agentls.events')

local M = {}

local count = 0

---@param buf integer
local function text_of(buf)
  return vim.trim(table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, false), '\n'))
end

---@param buf integer
local function show(buf)
  if vim.fn.bufwinid(buf) ~= -1 then
    vim.api.nvim_set_current_win(vim.fn.bufwinid(buf))
    return
  end
  vim.cmd(config.values.prompt.open)
  vim.api.nvim_win_set_buf(0, buf)
end

---@param buf integer
---@param send async fun(text: string)
---@param from integer the window from which it was opened
local function write(buf, send, from)
  local text = text_of(buf)
  if text == '' then
    require('agentls.notify').say('There is nothing to send yet; `:q!` gives it up.')
    return
  end
  vim.bo[buf].modified = false
  async.run(function()
    local ok, err = pcall(send, text)
    if not vim.api.nvim_buf_is_valid(buf) then
      return ok or error(err, 0)
    elseif ok then
      local focused = vim.api.nvim_get_current_buf() == buf
      vim.api.nvim_buf_delete(buf, { force = true })
      if focused and vim.api.nvim_win_is_valid(from) then
        vim.api.nvim_set_current_win(from)
      end
    else
      vim.bo[buf].modified = true
      show(buf)
      error(err, 0)
    end
  end)
end

---Open a prompt buffer.
---@param options { title: string, lines?: string[], task?: string, send: async fun(text: string) }
---`title` heads the window; `lines` stand below the place where one writes.
function M.open(options)
  count = count + 1
  local from = vim.api.nvim_get_current_win()
  local buf = vim.api.nvim_create_buf(true, false)
  vim.api.nvim_buf_set_name(buf, ('agentls://prompt/%d'):format(count))
  vim.bo[buf].buftype = 'acwrite'
  vim.bo[buf].bufhidden = 'hide'
  vim.bo[buf].swapfile = false
  vim.bo[buf].filetype = 'markdown'
  vim.b[buf].agentls_task = options.task
  if options.lines then
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, vim.list_extend({ '', '' }, options.lines))
  end
  vim.bo[buf].modified = false
  events.on('BufWriteCmd', {
    buffer = buf,
    callback = function()
      write(buf, options.send, from)
    end,
  })
  show(buf)
  vim.wo[0][0].winbar = ('%%#AgentlsHeading# %s%%*  :w sends, :q! gives up'):format(
    (options.title:gsub('%%', '%%%%'))
  )
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  vim.cmd.startinsert()
end

---Quote lines of the present buffer, with their place.
---@param first integer
---@param last integer
---@param root? string what the place is told from
---@return string[]
function M.quote(first, last, root)
  local path = vim.api.nvim_buf_get_name(0)
  local place = root and vim.fs.relpath(root, path) or vim.fn.fnamemodify(path, ':.')
  local lines = vim.api.nvim_buf_get_lines(0, first - 1, last, false)
  local fence = '```'
  for _, text in ipairs(lines) do
    local ticks = text:match('^%s*(```+)')
    if ticks and #ticks >= #fence then
      fence = ticks .. '`'
    end
  end
  local range = first == last and tostring(first) or ('%d-%d'):format(first, last)
  local quoted = { ('`%s:%s`:'):format(place, range), '', fence .. vim.bo.filetype }
  vim.list_extend(quoted, lines)
  table.insert(quoted, fence)
  return quoted
end

return M
