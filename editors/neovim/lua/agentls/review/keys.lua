--- The keys of a review: short ones in the plugin's own buffers, others in the real file.
local async = require('agentls.async')
local config = require('agentls.config')

local M = {}

---@class agentls.ReviewAction
---@field action string
---@field says string
---@field run async fun(review: agentls.Review)
---@field visual? boolean works on a selection too

---@return table
local function reviewing()
  return require('agentls.review')
end

---@return table
local function onward()
  return require('agentls.review.onward')
end

---@return table
local function parts()
  return require('agentls.review.parts')
end

---@return table
local function comments()
  return require('agentls.review.comments')
end

---@type agentls.ReviewAction[]
M.ACTIONS = {
  {
    action = 'show',
    says = 'show the file in this line, and go to it',
    run = function(review)
      local index = require('agentls.review.files').under_cursor(review)
      if index and index ~= review.index then
        reviewing().show(review, index)
      end
      vim.api.nvim_set_current_win(review.windows.new)
    end,
  },
  {
    action = 'next_hunk',
    says = 'the next hunk, over all files',
    run = function(review)
      reviewing().step_hunk(review, 1)
    end,
  },
  {
    action = 'previous_hunk',
    says = 'the previous hunk',
    run = function(review)
      reviewing().step_hunk(review, -1)
    end,
  },
  {
    action = 'next_file',
    says = 'the next file',
    run = function(review)
      reviewing().step_file(review, 1)
    end,
  },
  {
    action = 'previous_file',
    says = 'the previous file',
    run = function(review)
      reviewing().step_file(review, -1)
    end,
  },
  {
    action = 'viewed',
    says = 'mark the file as viewed and go on, or take the mark off',
    run = function(review)
      reviewing().toggle_viewed(review)
    end,
  },
  {
    action = 'comment',
    says = 'comment on the line, the selection or the file; on a comment: its thread',
    visual = true,
    run = function(review)
      comments().at_cursor(review)
    end,
  },
  {
    action = 'send',
    says = 'send the comments to the agent, and go on with the next task',
    run = function(review)
      comments().send(review)
    end,
  },
  {
    action = 'merge',
    says = 'merge, and go on with the next task',
    run = function(review)
      onward().merge(review)
    end,
  },
  {
    action = 'take',
    says = 'merge the hunk of the line, or those of the selection; in the list: the file',
    visual = true,
    run = function(review)
      parts().take(review, false)
    end,
  },
  {
    action = 'refuse',
    says = 'put it back as it was; the agent is told',
    visual = true,
    run = function(review)
      parts().refuse(review, false)
    end,
  },
  {
    action = 'take_file',
    says = 'merge all of the file',
    run = function(review)
      parts().take(review, true)
    end,
  },
  {
    action = 'refuse_file',
    says = 'put all of the file back',
    run = function(review)
      parts().refuse(review, true)
    end,
  },
  {
    action = 'since',
    says = 'show all, what is new since you last looked, or the last turn',
    run = function(review)
      reviewing().cycle_since(review)
    end,
  },
  {
    action = 'briefing',
    says = 'show what was asked, said, changed and checked',
    run = function(review)
      require('agentls.review.briefing').show(review)
    end,
  },
  {
    action = 'panel',
    says = "show the agent's session",
    run = function(review)
      require('agentls.panel').open(review.task.id)
    end,
  },
  {
    action = 'skip',
    says = 'leave it, and go on with the next task',
    run = function(review)
      onward().next(review, { after = review.task.id })
    end,
  },
  {
    action = 'close',
    says = 'close the review',
    run = function(review)
      require('agentls.review.tabs').close(review)
    end,
  },
  {
    action = 'help',
    says = 'show the keys',
    run = function()
      M.help()
    end,
  },
}

---@param buf integer
---@param which table<string, string|false>
local function map(buf, which)
  for _, entry in ipairs(M.ACTIONS) do
    local key = which[entry.action]
    if key then
      vim.keymap.set(entry.visual and { 'n', 'x' } or 'n', key, function()
        async.run(function()
          entry.run(reviewing().present())
        end)
      end, { buffer = buf, nowait = true, desc = 'agentls: ' .. entry.says })
    end
  end
end

---Set the short keys in a buffer of the plugin's own.
---@param buf integer
function M.on_buffer(buf)
  map(buf, config.values.keys.review)
end

---Set the keys in a real file, for as long as its review is open.
---@param buf integer
function M.on_file(buf)
  map(buf, config.values.keys.file)
end

---Take the keys off a real file.
---@param buf integer
function M.off_buffer(buf)
  for _, entry in ipairs(M.ACTIONS) do
    local key = config.values.keys.file[entry.action]
    if key then
      pcall(vim.keymap.del, entry.visual and { 'n', 'x' } or 'n', key, { buffer = buf })
    end
  end
end

---Show the keys of the present buffer.
function M.help()
  local own = vim.bo.buftype ~= ''
  local which = own and config.values.keys.review or config.values.keys.file
  local lines = {}
  for _, entry in ipairs(M.ACTIONS) do
    if which[entry.action] then
      table.insert(lines, ('%-15s %s'):format(which[entry.action], entry.says))
    end
  end
  vim.api.nvim_echo({ { table.concat(lines, '\n') } }, false, {})
end

return M
