--- What can go wrong, as one table: what happened, and what to do next.
local M = {}

---@class agentls.Error
---@field message string what happened, and what was kept
---@field hint? string what to do next
---@field kind? string as docs/protocol.md lists them
---@field quiet? boolean nothing is to be said of it

---Raise an error that the person is shown, with no trace.
---@param message string
---@param hint? string
---@param kind? string
function M.raise(message, hint, kind)
  error({ message = message, hint = hint, kind = kind }, 0)
end

---End what is under way without a word: the person doesn't want it.
function M.quit()
  error({ quiet = true, message = '' }, 0)
end

---Make an error of what a server answered.
---@param err lsp.ResponseError
---@return agentls.Error
function M.from_response(err)
  local data = type(err.data) == 'table' and err.data or {}
  return { message = err.message, hint = data.hint, kind = data.kind or 'internal' }
end

---Tell whether something that was thrown is an error for the person.
---@param thrown any
---@return boolean
function M.is_error(thrown)
  return type(thrown) == 'table' and thrown.message ~= nil
end

---@param err agentls.Error
---@return string
function M.text(err)
  return err.hint and err.hint ~= '' and err.message .. '\n' .. err.hint or err.message
end

return M
