--- What a repository would run: shown text by text before it is allowed.
local async = require('agentls.async')
local client = require('agentls.client')
local errors = require('agentls.errors')

local M = {}

---Show the texts in a window of their own; gives its buffer.
---@param items table[] TrustItemInfo
---@return integer
local function show(items)
  local lines = {}
  for _, item in ipairs(items) do
    vim.list_extend(lines, { ('# %s %s: %s'):format(item.kind, item.name, item.decision), '' })
    for text in vim.gsplit(item.text, '\n') do
      table.insert(lines, '    ' .. vim.fn.strtrans(text))
    end
    table.insert(lines, '')
  end
  vim.cmd('botright new')
  local buf = vim.api.nvim_get_current_buf()
  vim.bo[buf].buftype, vim.bo[buf].bufhidden = 'nofile', 'wipe'
  vim.bo[buf].filetype = 'markdown'
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].modifiable = false
  vim.cmd.redraw()
  return buf
end

---Show what the repository of a file or folder would run, and ask.
---@async
---@param uri string
---@return boolean allowed whether the person allowed all of it
function M.ask(uri)
  local items = client.ask('trust', { uri = uri }).items
  if #items == 0 then
    require('agentls.notify').say('This repository would run nothing that needs trust.')
    return true
  end
  local buf = show(items)
  local digests = vim.tbl_map(function(item)
    return item.digest
  end, items)
  local chosen = async.select({ 'allow', 'deny', 'decide later' }, {
    prompt = 'The repository would run these texts as you. Allow it?',
    kind = 'agentls.trust',
  })
  if vim.api.nvim_buf_is_valid(buf) then
    vim.api.nvim_buf_delete(buf, { force = true })
  end
  if chosen == 'allow' or chosen == 'deny' then
    client.ask('trust', { uri = uri, decision = chosen, digests = digests })
  end
  return chosen == 'allow'
end

---Do something; where the server refuses it for want of trust, ask and do it again.
---@async
---@generic T
---@param uri string of the repository
---@param act async fun(): T
---@return T
function M.with_trust(uri, act)
  local ok, answer = pcall(act)
  if ok then
    return answer
  elseif not (errors.is_error(answer) and answer.kind == 'untrusted') then
    error(answer, 0)
  end
  if not M.ask(uri) then
    error(answer, 0)
  end
  return act()
end

return M
