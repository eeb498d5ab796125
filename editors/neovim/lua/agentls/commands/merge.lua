local complete = require('agentls.complete')
local pick = require('agentls.pick')

local STRATEGIES = { 'squash', 'merge', 'rebase' }
local tasks = complete.tasks({ 'review', 'failed', 'interrupted', 'waiting' })

---@type agentls.Command
return {
  args = '[strategy=] [force=yes] [task]',
  says = 'Merge the task into its target: wholly, or nothing changes. With `!`, an agent that'
    .. ' still works is stopped first; with `force=yes`, a check that failed is no matter.',
  complete = function(words, lead)
    if vim.startswith(lead, 'strategy=') then
      return complete.option('strategy', STRATEGIES)
    end
    local ids = tasks(vim.tbl_filter(function(word)
      return not word:match('^%l+=')
    end, words))
    return lead == '' and ids or vim.list_extend(ids, { 'strategy=', 'force=yes' })
  end,
  run = function(given)
    local id =
      pick.task(given.words[1], { prompt = 'Merge which task?', states = { 'review' } })
    local merging = require('agentls.merging')
    local answer = merging.merge(id, {
      stop = given.bang or nil,
      strategy = given.options.strategy,
      force = given.options.force == 'yes' or nil,
    })
    require('agentls.notify').say(merging.sentence(answer))
  end,
}
