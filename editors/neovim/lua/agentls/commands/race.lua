local client = require('agentls.client')
local complete = require('agentls.complete')
local notify = require('agentls.notify')
local place = require('agentls.place')

---@async
---@param options table<string, string>
---@param uri string
---@param prompt string
local function race(options, uri, prompt)
  local arguments = {
    prompt = prompt,
    uri = uri,
    title = options.title,
    base = options.base,
    target = options.target,
    tries = tonumber(options.tries),
    agents = options.agents and vim.split(options.agents, ',') or nil,
  }
  local answer = require('agentls.trusting').with_trust(uri, function()
    return client.ask('race', arguments)
  end)
  local ids = vim.tbl_map(function(task)
    return task.id
  end, answer.tasks)
  notify.say('These race: ' .. table.concat(ids, ', ') .. '. Merging one discards the rest.')
end

---@type agentls.Command
return {
  args = '[agents=a,b] [tries=] [base=] [target=] [title=] [prompt]',
  says = 'Give one prompt to several agents, or to one several times; merging one discards the'
    .. ' rest. Without a prompt, a buffer opens to write it in.',
  complete = function(_, lead)
    local before = lead:match('^agents=(.*,)')
    if before or vim.startswith(lead, 'agents=') then
      return complete.option(
        'agents',
        vim.tbl_map(function(name)
          return (before or '') .. name
        end, complete.agents())
      )
    end
    return { 'agents=', 'tries=', 'base=', 'target=', 'title=' }
  end,
  run = function(given)
    local uri = vim.uri_from_fname(place.here())
    if given.after(0) ~= '' then
      race(given.options, uri, given.after(0))
      return
    end
    require('agentls.prompt').open({
      title = 'A race in ' .. place.name(),
      send = function(text)
        race(given.options, uri, text)
      end,
    })
  end,
}
