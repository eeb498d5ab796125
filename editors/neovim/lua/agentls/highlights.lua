--- The highlight groups; each links to a standard one, so that every colour scheme fits.
local M = {}

---@type table<string, string>
M.LINKS = {
  AgentlsHeading = 'Title',
  AgentlsId = 'Identifier',
  AgentlsAgent = 'Special',
  AgentlsAge = 'Comment',
  AgentlsWhy = 'Comment',
  AgentlsHint = 'Comment',
  AgentlsAdded = 'Added',
  AgentlsDeleted = 'Removed',
  AgentlsStateWaiting = 'DiagnosticWarn',
  AgentlsStateFailed = 'DiagnosticError',
  AgentlsStateInterrupted = 'DiagnosticWarn',
  AgentlsStateReview = 'DiagnosticOk',
  AgentlsStateChecking = 'DiagnosticInfo',
  AgentlsStateWorking = 'DiagnosticInfo',
  AgentlsStatePreparing = 'DiagnosticInfo',
  AgentlsStateQueued = 'Comment',
  AgentlsStateMerged = 'Comment',
  AgentlsStateDiscarded = 'Comment',
  AgentlsViewed = 'Comment',
  AgentlsComment = 'DiagnosticInfo',
  AgentlsConflict = 'DiagnosticWarn',
  AgentlsCurrentFile = 'CursorLine',
}

---Define the groups, unless the person or a colour scheme has.
function M.define()
  for group, link in pairs(M.LINKS) do
    vim.api.nvim_set_hl(0, group, { link = link, default = true })
  end
end

---@param state string
---@return string
function M.of_state(state)
  return 'AgentlsState' .. state:sub(1, 1):upper() .. state:sub(2)
end

return M
