local complete = require('agentls.complete')
local place = require('agentls.place')

local tasks = complete.tasks({ 'review' })

---@type agentls.Command
return {
  args = '[checks=no] [target=] [task…]',
  says = 'Try to merge all that is ready, or these tasks, one upon the other, and run the checks'
    .. ' on the whole. A window shows which go in, and who stays behind and why; one key merges'
    .. ' exactly that. With `checks=no`, none is run.',
  complete = function(words, lead)
    if vim.startswith(lead, 'checks=') then
      return complete.option('checks', { 'yes', 'no' })
    end
    local ids = tasks(vim.tbl_filter(function(word)
      return not word:match('^%l+=')
    end, words))
    return lead == '' and ids or vim.list_extend(ids, { 'checks=', 'target=' })
  end,
  run = function(given)
    require('agentls.train').open({
      uri = vim.uri_from_fname(place.here()),
      tasks = #given.words > 0 and given.words or nil,
      target = given.options.target,
      check = given.options.checks ~= 'no',
    })
  end,
}
