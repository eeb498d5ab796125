--- Bringing the target into a task's worktree, and resolving what conflicts.
local async = require('agentls.async')
local client = require('agentls.client')
local errors = require('agentls.errors')
local notify = require('agentls.notify')

local M = {}

local HERE, AGENT, LEAVE = 'resolve it here', 'have the agent resolve it', 'leave it'

---Give one side of a conflict, as git keeps it in the index.
---@async
---@param root string
---@param stage 2|3
---@param path string
---@return string[]
local function side(root, stage, path)
  local done = async.await(function(go_on)
    vim.system(
      { 'git', 'cat-file', 'blob', (':%d:%s'):format(stage, path) },
      { cwd = root },
      vim.schedule_wrap(go_on)
    )
  end)
  return done.code == 0 and vim.split(done.stdout:gsub('\n$', ''), '\r?\n') or {}
end

---@param title string
---@param lines string[]
---@param like integer buffer of the file
local function fill(title, lines, like)
  local buf = vim.api.nvim_get_current_buf()
  vim.bo[buf].buftype, vim.bo[buf].bufhidden, vim.bo[buf].swapfile = 'nofile', 'wipe', false
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].modifiable, vim.bo[buf].filetype = false, vim.bo[like].filetype
  vim.wo[0][0].winbar = title
  vim.cmd.diffthis()
end

---Open a tab page with a file in conflict between its two sides.
---@async
---@param task agentls.Task
---@param path string
local function three_way(task, path)
  local root = vim.uri_to_fname(task.worktree)
  local theirs, targets = side(root, 2, path), side(root, 3, path)
  vim.cmd.tabnew()
  vim.t.agentls_task = task.id
  local middle = vim.fn.bufadd(root .. '/' .. path)
  vim.bo[middle].buflisted = true
  vim.api.nvim_win_set_buf(0, middle)
  local window = vim.api.nvim_get_current_win()
  vim.cmd('leftabove vnew')
  fill("the task's", theirs, middle)
  vim.api.nvim_set_current_win(window)
  vim.cmd('rightbelow vnew')
  fill((task.target:gsub('%%', '%%%%')) .. "'s", targets, middle)
  vim.api.nvim_set_current_win(window)
  vim.wo[0][0].winbar = 'resolve here and :w'
  vim.cmd.diffthis()
  vim.fn.search('^<<<<<<<', 'cw')
end

---Show what is in conflict: the first file in three windows, all in the quickfix list.
---@async
---@param task agentls.Task
---@param paths string[]
local function show(task, paths)
  local root = vim.uri_to_fname(task.worktree)
  local entries = vim.tbl_map(function(path)
    return { filename = root .. '/' .. path, lnum = 1, text = 'in conflict' }
  end, paths)
  vim.fn.setqflist({}, ' ', { title = 'Conflicts of ' .. task.id, items = entries })
  three_way(task, paths[1])
  notify.say(
    ('%d in conflict; resolve, write, then `:AgentTask update %s`.'):format(#paths, task.id)
  )
end

---Update a task from its target.
---@async
---@param id string
---@param options? { resolve?: 'editor'|'agent', abort?: boolean, stop?: boolean }
function M.update(id, options)
  local answer = client.ask('updateTask', vim.tbl_extend('force', { task = id }, options or {}))
  local task = answer.task
  if answer.outcome == 'conflicts' and (options or {}).resolve ~= 'agent' then
    show(task, answer.conflicts)
  elseif answer.outcome == 'conflicts' then
    notify.say(
      ('The agent of %s was told to resolve %d files.'):format(task.id, #answer.conflicts)
    )
  elseif answer.outcome == 'current' then
    notify.say(('%s has all of %s already.'):format(task.id, answer.source))
  elseif answer.outcome == 'aborted' then
    notify.say(('%s is as it was before the update.'):format(task.id))
  else
    notify.say(('%s has all of %s now.'):format(task.id, answer.source))
  end
end

---Say what conflicts, and let the person choose who resolves it.
---@async
---@param id string
---@param conflict agentls.Error
function M.choose(id, conflict)
  local chosen = async.select({ HERE, AGENT, LEAVE }, {
    prompt = conflict.message .. ' What now?',
    kind = 'agentls.conflict',
  })
  if chosen == HERE then
    M.update(id, { resolve = 'editor' })
  elseif chosen == AGENT then
    M.update(id, { resolve = 'agent' })
  end
end

---Update a task; on a conflict, let the person choose who resolves it.
---@async
---@param id string
---@param options { stop?: boolean }
function M.update_or_choose(id, options)
  local ok, err = pcall(M.update, id, options)
  if ok then
    return
  elseif not (errors.is_error(err) and err.kind == 'conflict') then
    error(err, 0)
  end
  M.choose(id, err)
end

return M
