--- The train: what is ready tried and checked together, shown in a buffer, merged by a key.
local async = require('agentls.async')
local client = require('agentls.client')
local config = require('agentls.config')
local notify = require('agentls.notify')
local store = require('agentls.store')

local M = {}

local NAME = 'agentls://train'
local SPACE = vim.api.nvim_create_namespace('agentls.train')

--- What the keys do.
---@type { action: string, says: string }[]
M.ACTIONS = {
  { action = 'merge', says = 'merge what goes in: exactly what was checked' },
  { action = 'again', says = 'try and check it again' },
  { action = 'review', says = 'review the task in this line' },
  { action = 'log', says = 'show what the check in this line printed' },
  { action = 'close', says = 'close' },
  { action = 'help', says = 'show the keys' },
}

---@class agentls.Train
---@field buf integer
---@field asked table TrainParams
---@field answer? table TrainResult; nil while it is under way
---@field rows table<integer, { task?: string, session?: string }> what stands in a line

---@type agentls.Train?
local train

---@param train_ agentls.Train
---@return boolean
local function is_shown(train_)
  return vim.api.nvim_buf_is_valid(train_.buf)
end

local OUTCOMES = {
  passed = 'passes with all of them',
  failed = 'fails',
  timedOut = 'takes too long',
  skipped = 'is not about what they change',
}

---@param car table CarInfo
---@return string sign, string group, string said
local function way(car)
  if car.commit then
    return '✓', 'AgentlsStateReview', 'merged as ' .. car.commit:sub(1, 9)
  elseif car.outcome == 'clean' then
    return '✓', 'AgentlsStateReview', 'goes in'
  end
  return '✗', 'AgentlsStateFailed', 'stays behind. ' .. car.why
end

---Draw what is known of the train.
---@param shown agentls.Train
local function draw(shown)
  local texts, marks, rows = {}, {}, {}
  local function add(text, group, columns, about)
    table.insert(texts, (text:gsub('%c', ' ')))
    rows[#texts] = about
    if group then
      table.insert(marks, { #texts - 1, columns or #texts[#texts], group })
    end
  end
  local answer = shown.answer
  if not answer then
    add('Trying what is ready together; its checks run…', 'AgentlsHint')
  elseif #answer.cars == 0 then
    add('Nothing is ready.', 'AgentlsHint')
  else
    add((answer.merged and 'Merged into %s' or 'To %s'):format(answer.target), 'AgentlsHeading')
    for _, car in ipairs(answer.cars) do
      local sign, group, said = way(car)
      local task = store.get(car.task)
      local text = ('%s %s  %s: %s'):format(sign, car.task, task and task.title or '', said)
      add(text, group, #sign, { task = car.task, session = car.session })
    end
    for _, check in ipairs(answer.checks or {}) do
      local good = check.outcome == 'passed' or check.outcome == 'skipped'
      local said = OUTCOMES[check.outcome] or check.outcome
      local group = good and 'AgentlsStateReview' or 'AgentlsStateFailed'
      add(('%s %s'):format(check.name, said), group, nil, { session = check.session })
    end
    if answer.why and answer.why ~= '' then
      add(answer.why, 'AgentlsStateFailed')
    end
  end
  shown.rows = rows
  vim.bo[shown.buf].modifiable = true
  vim.api.nvim_buf_set_lines(shown.buf, 0, -1, false, texts)
  vim.bo[shown.buf].modifiable = false
  vim.api.nvim_buf_clear_namespace(shown.buf, SPACE, 0, -1)
  for _, mark in ipairs(marks) do
    local place = { end_col = mark[2], hl_group = mark[3] }
    vim.api.nvim_buf_set_extmark(shown.buf, SPACE, mark[1], 0, place)
  end
end

---Ask for the train, and show what became of it.
---@async
---@param shown agentls.Train
---@param more? table what is asked besides
local function ask(shown, more)
  local before = shown.answer
  shown.answer = nil
  draw(shown)
  local ok, answer = pcall(require('agentls.trusting').with_trust, shown.asked.uri, function()
    return client.ask('train', vim.tbl_extend('force', shown.asked, more or {}))
  end)
  shown.answer = ok and answer or before
  if is_shown(shown) then
    draw(shown)
  end
  if not ok then
    error(answer, 0)
  end
end

---@param shown agentls.Train
---@return integer how many tasks go in and are not merged yet
local function going(shown)
  local answer = shown.answer
  if not answer or answer.merged or (answer.why or '') ~= '' then
    return 0
  end
  return #vim.tbl_filter(function(car)
    return car.outcome == 'clean'
  end, answer.cars)
end

local RUN = {
  merge = function(shown)
    local count = going(shown)
    if count == 0 then
      notify.say('There is nothing to merge.')
      return
    end
    ask(shown, { merge = true })
    require('agentls.merging').reload(shown.answer.checkout)
    if shown.answer.merged then
      local target = shown.answer.target
      notify.say(('%d merged into %s, in one step.'):format(count, target))
    end
  end,
  again = function(shown)
    ask(shown)
  end,
  review = function(_, row)
    if row and row.task then
      require('agentls.commands').run({ fargs = { 'review', row.task }, range = 0 })
    end
  end,
  log = function(_, row)
    if row and row.session then
      require('agentls.output').show(row.session:match('^(.*)%-'), row.session)
    end
  end,
  close = function()
    vim.cmd.close()
  end,
  help = function()
    local lines = {}
    for _, entry in ipairs(M.ACTIONS) do
      local key = config.values.keys.train[entry.action]
      if key then
        table.insert(lines, ('%-5s %s'):format(key, entry.says))
      end
    end
    vim.api.nvim_echo({ { table.concat(lines, '\n') } }, false, {})
  end,
}

---@return integer
local function make_buffer()
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buf, NAME)
  vim.bo[buf].bufhidden, vim.bo[buf].filetype = 'wipe', 'agentls-train'
  vim.bo[buf].modifiable = false
  for _, entry in ipairs(M.ACTIONS) do
    local key = config.values.keys.train[entry.action]
    if key then
      vim.keymap.set('n', key, function()
        local shown = train
        if shown and not shown.answer and entry.action ~= 'close' then
          notify.say('The train is under way.')
        elseif shown then
          local row = shown.rows[vim.api.nvim_win_get_cursor(0)[1]]
          async.run(RUN[entry.action], shown, row)
        end
      end, { buffer = buf, nowait = true, desc = entry.says })
    end
  end
  return buf
end

---Try what is ready together, in a window of its own.
---@async
---@param asked table TrainParams
function M.open(asked)
  if train and is_shown(train) then
    vim.api.nvim_buf_delete(train.buf, { force = true })
  end
  vim.cmd(config.values.list.open)
  train = { buf = make_buffer(), asked = asked, rows = {} }
  vim.api.nvim_win_set_buf(0, train.buf)
  local options = vim.wo[0][0]
  options.number, options.relativenumber, options.list = false, false, false
  options.cursorline, options.signcolumn, options.foldcolumn = true, 'no', '0'
  options.wrap, options.linebreak, options.spell = true, true, false
  ask(train)
end

return M
