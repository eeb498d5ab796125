--- Functions that wait: each runs in a coroutine and reads from top to bottom.
local M = {}

---Run `body` until its end, over all its waits. An error is shown to the person.
---@param body async fun(...)
---@param ... any what `body` is called with
function M.run(body, ...)
  local thread = coroutine.create(body)
  local function go_on(...)
    local ok, begin = coroutine.resume(thread, ...)
    if not ok then
      require('agentls.notify').failure(begin, thread)
    elseif coroutine.status(thread) ~= 'dead' then
      begin(go_on)
    end
  end
  go_on(...)
end

---Give what `begin` calls its argument with, once it does.
---@async
---@param begin fun(go_on: fun(...))
---@return any ...
function M.await(begin)
  return coroutine.yield(begin)
end

---Let the person choose, by `vim.ui.select`; nil when they don't.
---@async
---@generic T
---@param items T[]
---@param options table
---@return T?
function M.select(items, options)
  return M.await(function(go_on)
    vim.ui.select(items, options, go_on)
  end)
end

---Let the person type a line, by `vim.ui.input`; nil when they don't.
---@async
---@param options table
---@return string?
function M.input(options)
  return M.await(function(go_on)
    vim.ui.input(options, go_on)
  end)
end

return M
