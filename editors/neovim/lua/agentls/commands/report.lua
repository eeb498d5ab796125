local client = require('agentls.client')
local errors = require('agentls.errors')
local notify = require('agentls.notify')

local DAY = 24 * 60 * 60

---Give the time that a word names, as the protocol writes times.
---@param word? string `today`, `yesterday`, or a day as `2026-01-31`
---@return { since: string, until: string? }
local function time_of(word)
  local day = os.date('*t', os.time() - (word == 'yesterday' and DAY or 0))
  if word and word ~= 'today' and word ~= 'yesterday' then
    local year, month, number = word:match('^(%d%d%d%d)-(%d%d)-(%d%d)$')
    if not year then
      errors.raise(
        ('%q is no day.'):format(word),
        'Give `today`, `yesterday` or a day as `2026-01-31`.'
      )
    end
    day = { year = tonumber(year), month = tonumber(month), day = tonumber(number) }
  end
  local function midnight(after)
    local at = { year = day.year, month = day.month, day = day.day + after, hour = 0 }
    return tostring(os.date('%Y-%m-%dT%H:%M:%S%z', os.time(at)))
  end
  return { since = midnight(0), ['until'] = midnight(1) }
end

---@type agentls.Command
return {
  args = '[day]',
  says = 'Open the report of a day in the browser: a time line, what waited for you, reviews,'
    .. ' agents compared. `today`, `yesterday` or `2026-01-31`.',
  complete = function(words)
    return #words == 0 and { 'today', 'yesterday' } or {}
  end,
  run = function(given)
    local path = vim.uri_to_fname(client.ask('report', time_of(given.words[1])).uri)
    local _, failed = vim.ui.open(path)
    if failed then
      errors.raise(('No browser could be started: %s'):format(failed), 'The page is ' .. path)
    end
    notify.say('The report is ' .. path)
  end,
}
