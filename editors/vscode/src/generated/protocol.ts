// Written by `make docs` from server/agentls/lsp/. Don't edit: `make check` compares.
// biome-ignore-all format: generated

/** Something that agentls can do with an agent. */
export interface AbilityInfo {
  /** `start`, `working`, `waiting`, `answer`, `done`, `message`, `conversation`, `usage`, `followUp`, `resume`. */
  name: string;
  /** By the definition. */
  how: string;
  /** Whether a trial saw it; absent where none was made. */
  seen?: boolean;
  /** What was seen, or why nothing could be. */
  detail?: string;
}

/** What was drawn: gives room in the window. */
export interface AckParams {
  session: string;
  end: number;
}

/** What to say about which lines. */
export interface AddCommentParams {
  task: string;
  text: string;
  /** As `changes` names it; the whole change if absent. */
  path?: string;
  /** `old` (the base) or `new` (the worktree). */
  side?: string;
  /** Counts from 1; the whole file if absent. */
  line?: number;
  /** The last line that is meant; the same if absent. */
  endLine?: number;
  /** A comment to reply to; path and lines are that one's. */
  thread?: number;
}

/** A worktree that is there already, and becomes a task. */
export interface AdoptParams {
  /** Any file or folder in it. */
  uri: string;
  /** The branch's name if absent. */
  title?: string;
  /** What an agent is to do there; without it the task is ready for review. */
  prompt?: string;
  agent?: string;
  target?: string;
}

/** One agent that can be named. */
export interface AgentInfo {
  name: string;
  title: string;
  installed: boolean;
  path?: string;
  version?: string;
  default?: boolean;
  /** How to install it. */
  hint?: string;
}

/** Names an agent that is built in or in the user's own configuration. */
export interface AgentParams {
  agent: string;
}

/** What became of an agent's tasks, and what they took. */
export interface AgentStats {
  agent: string;
  /** Those that began; it may be at work on some. */
  tasks: number;
  merged: number;
  /** Without having been merged. */
  discarded: number;
  turns: number;
  /** Seconds in which it worked. */
  worked: number;
  /** Seconds in which it waited for an answer. */
  waited: number;
  /** The mean of merged tasks; absent without any. */
  turnsToMerge?: number;
  /** Seconds, the mean of merged tasks. */
  workedToMerge?: number;
  /** Tokens, as in `getTask`; absent where it doesn't tell. */
  input?: number;
  output?: number;
  cached?: number;
  /** US dollars. */
  cost?: number;
}

/** What the agent did about a comment since it was told. */
export interface AnswerInfo {
  /** `touched` (it changed these lines, or put some beside them), `near` (others of the same file) or `untouched`. */
  how: string;
  path?: string;
  /** The lines that answer it, as they are now; absent where there are none. */
  line?: number;
  endLine?: number;
  /** The hunk of the task's change, as `changes` names it, that the lines are in. */
  hunk?: string;
}

/** Which part of a change (from its base to now) the target gets. */
export interface ApplyHunksParams {
  task: string;
  /** Ids of hunks; with `paths`, only these files are searched for them. */
  hunks?: readonly string[];
  /** Without `hunks`: all hunks of these files or folders. */
  paths?: readonly string[];
  /** The commit's message; made as for a merge if absent. */
  message?: string;
  /** Stop an agent that still works, instead of refusing. */
  stop?: boolean;
  /** Take them although a check failed that a merge needs. */
  force?: boolean;
  /** As for `mergeTask`. */
  sign?: boolean;
  /** As for `mergeTask`. */
  skipHooks?: boolean;
}

/** What the target got. */
export interface ApplyHunksResult {
  /** In review with the rest; `merged` if nothing was left. */
  task: TaskInfo;
  commit: string;
  /** The URI of the checkout that was brought forward, if one has the target. */
  checkout?: string;
  /** Hunks. */
  taken: number;
  /** Hunks that the change had besides. */
  left: number;
  /** The target was brought into the worktree, as `updateTask` does it, so that what was taken is no part of the change any more; else its hunks are shown as `taken`. */
  updated?: boolean;
}

/** What an agent waits for. */
export interface AskedInfo {
  /** `permission`, `question`, `trust` (of the folder: a person answers it in its terminal), `trouble` (no quota, no login, …) or `other`. */
  kind: string;
  /** The question, or what it would do. */
  text?: string;
  /** What it wants to use, where it tells. */
  tool?: string;
  /** What `respond` can answer with now: `allow`, `deny`, … */
  choices?: readonly string[];
  /** Whether `respond` can answer in words. */
  takesText?: boolean;
}

/** What to watch, and from where. */
export interface AttachParams {
  /** The task whose present session is meant; or name the session. */
  task?: string;
  session?: string;
  /** A byte of the log to begin at; its first kept byte if absent. */
  offset?: number;
  /** It is for a terminal: begin with the screen as it is now, instead of the log, unless the log holds `offset`; and when the terminal lags far behind, give it the screen instead of all that it missed. */
  repaint?: boolean;
  /** Bytes that may be on their way before an `ack` is needed. */
  window?: number;
  /** Type and resize from here; whoever did before is told. */
  control?: boolean;
  rows?: number;
  cols?: number;
}

/** The session as it stands; `agentls/output` goes on from `offset`. */
export interface AttachResult {
  session: string;
  /** Where the output that follows begins. */
  offset: number;
  /** The first byte of the log that is still kept. */
  first: number;
  /** How long the log is now. */
  size: number;
  rows: number;
  cols: number;
  live: boolean;
  controller: boolean;
  /** What draws the screen as it is at `offset`; for an emulator of rows and cols. */
  repaint?: string;
}

/** Where a task began. */
export interface BaseInfo {
  /** `ref`, `branch` (an existing branch that it works on), `adopted` (a worktree that was there before) or `wip`. */
  kind: string;
  /** As it was asked for. */
  name: string;
  /** The commit that it was then; changes are told against it. */
  commit: string;
}

/** How a batch is written. */
export type BatchFormat =
  | "markdown"
  | "lines"
  | "json";

/** One entry of a batch. */
export interface BatchItemInfo {
  /** Where it stands, from 1. */
  line?: number;
  title: string;
  prompt: string;
  /** Its task; absent in a dry run, but for one that it had before. */
  task?: TaskInfo;
  /** It was made by this request. */
  made?: boolean;
}

/** What a person should know before they look at a task's change. */
export interface BriefingResult {
  /** Markdown. */
  text: string;
}

/** An agent that is installed, and its record in a few words. */
export interface CandidateInfo {
  agent: string;
  why: string;
}

/** One task of a train. */
export interface CarInfo {
  task: string;
  /** One that isn't `clean` is left behind, and the next one tried without it. */
  outcome: CarOutcome;
  /** One sentence: why it is left behind. */
  why?: string;
  /** Those in conflict. */
  files?: readonly string[];
  /** The tasks before it that went in and conflict with it. */
  against?: readonly string[];
  /** Whether it conflicts with the target alone. */
  againstTarget?: boolean;
  /** The name of the check that it breaks. */
  check?: string;
  /** The session that shows how; its task is the last of those checked together. */
  session?: string;
  /** Where the target stands after it; absent if nothing was merged. */
  commit?: string;
}

/** What becomes of one task in a train. */
export type CarOutcome =
  | "clean"
  | "conflicts"
  | "breaks"
  | "refused";

/** Which part of whose change to list. */
export interface ChangesParams {
  task: string;
  /** The state that it begins from: `base` (where the task began), `looked` (what a person looked at last, else the base), `turn` (before the last turn), a checkpoint's number, or `task:ID` (what another task's work is now). What the target got since then is left out. */
  from?: string;
  /** The state that it leads to: `now` (what the worktree holds), or one of these. */
  to?: string;
  /** A person looks at it: from now on `looked` means the state that is shown. It does too when all hunks are marked as viewed, and when a prompt or review goes to an agent that rests. */
  look?: boolean;
  /** Files or folders; the whole change if there is none. */
  paths?: readonly string[];
  /** The hunks of each file too. */
  hunks?: boolean;
  /** The text of the diff too: of all the files, not of this page alone. */
  patch?: boolean;
  /** Files in one answer, 1 to 10000. */
  limit?: number;
  /** The `more` of the answer before, for the next page of that list; `from` and `to` count no more then. Give `paths` as before. */
  more?: string;
}

/** A task's change between two of its states, or one page of it. */
export interface ChangesResult {
  task: string;
  /** The commit where the task began. */
  base: string;
  /** The commit or tree that the change begins from. */
  old: string;
  /** The one that it leads to. */
  new: string;
  /** In the order of their paths. */
  files: readonly FileInfo[];
  /** How many files there are on all pages; so the next three. */
  count: number;
  added: number;
  deleted: number;
  /** How many files are viewed. */
  viewed: number;
  /** What no checkpoint stores, each with the reason; kept on disk. */
  skipped?: readonly string[];
  patch?: string;
  /** Give it with the next request, where there are more files. */
  more?: string;
}

/** What came of one check, the last time that it ran. */
export interface CheckInfo {
  /** As in the config; `reviewer` is the reviewing agent. */
  name: string;
  /** `block` (a failure stands in the way of a merge) or `inform`. */
  mode: string;
  /** `waiting`, `running`, `passed`, `failed`, `timedOut`, `lost`, `stopped`, or `skipped` (none of its paths was changed; the reviewer's: a check failed). */
  outcome: string;
  seconds?: number;
  /** The session with its output. */
  session?: string;
}

/** A saved state of a task's worktree. */
export interface CheckpointInfo {
  /** Counts from 1 in each task. */
  number: number;
  /** Its tree is the files. No branch has it; `refs/agentls/TASK` reaches it. */
  commit: string;
  /** The commit that the worktree was on; absent on a branch without any. */
  head?: string;
  /** The branch that it was on; absent for a detached head. */
  branch?: string;
  /** Why it was taken: `Turn 2`, `On demand`, `Before the merge`. */
  reason: string;
  /** The turn that was the last one to begin; absent before the first. */
  turn?: number;
  /** UTC, ISO 8601. */
  taken: string;
  /** How many files the change had then. */
  files: number;
  /** Lines, as `deleted`; binary files have none. */
  added: number;
  deleted: number;
  /** What was there and isn't in the commit, each with the reason. */
  skipped?: readonly string[];
}

/** The state that was saved; the last one when nothing had changed since. */
export interface CheckpointResult {
  task: TaskInfo;
  checkpoint: CheckpointInfo;
}

/** A comment, where its lines are now. Lines count from 1. */
export interface CommentInfo {
  id: number;
  /** The comment that began the thread: its own id for that one. */
  thread: number;
  /** Empty for the person, else the agent that reviewed. */
  author: string;
  /** Absent for the whole change. */
  path?: string;
  /** `old` (the base) or `new` (the worktree). */
  side: string;
  /** Absent for the whole file, and when the file is gone. */
  line?: number;
  endLine?: number;
  /** The lines were changed or are gone; these are the nearest. */
  outdated?: boolean;
  original: OriginalInfo;
  /** The lines' text when it was written. */
  quoted: string;
  text: string;
  /** `open`, `sent` or `resolved`; a thread is resolved when its first comment is. */
  state: string;
  /** UTC, ISO 8601. */
  written: string;
  /** Absent for one that wasn't sent, or that the agent may come to yet. */
  answer?: AnswerInfo;
  /** The document with these lines: the real file, or the base side. */
  uri?: string;
}

/** Names a comment. */
export interface CommentParams {
  task: string;
  comment: number;
}

/** A comment as it is now. */
export interface CommentResult {
  comment: CommentInfo;
}

/** Whose comments changed. */
export interface CommentsChangedParams {
  task: string;
}

/** Two tasks of one repository; of the change between them as for `changes`. */
export interface CompareTasksParams {
  task: string;
  other: string;
  paths?: readonly string[];
  hunks?: boolean;
  patch?: boolean;
  limit?: number;
  more?: string;
}

/** Both tasks, and what leads from the first one's work to the other's. */
export interface CompareTasksResult {
  task: TaskInfo;
  other: TaskInfo;
  changes: ChangesResult;
}

/** A file that both sides changed in ways that don't go together. */
export interface ConflictFileInfo {
  path: string;
  /** Where, in the task's file; empty where it isn't a matter of lines. */
  lines?: readonly LinesInfo[];
  /** The same in the other side's file. */
  theirLines?: readonly LinesInfo[];
}

/** Who may type and resize now; sent to all that are attached to the session. */
export interface ControllerChangedParams {
  session: string;
  you: boolean;
  /** Whether anybody has control. */
  held: boolean;
}

/** Of what to make a request. */
export interface CreatePullRequestParams {
  task: string;
  /** The task's title if absent. */
  title?: string;
  /** The prompt and the changed files if absent. */
  body?: string;
  /** Not to be reviewed yet. */
  draft?: boolean;
  /** Stop an agent that still works, instead of refusing. */
  stop?: boolean;
}

/** What was pushed and made; the task's `pullRequest` has its page and state. */
export interface CreatePullRequestResult {
  task: TaskInfo;
  /** `gh` or `glab`; absent where none is installed that fits the remote: then the branch was pushed and no request made. */
  program?: string;
  /** The page that the remote names for making a request by hand. */
  offer?: string;
  /** The URI of a `pre-push` hook, which is never run by agentls. */
  skippedHook?: string;
}

/** What a person asks for. */
export interface CreateTaskParams {
  /** At most 100 KiB, no NUL; with a template, what comes after its text, if any. */
  prompt: string;
  /** The name of a template, whose text is the prompt. */
  template?: string;
  /** What goes into the template's fields. */
  fields?: Readonly<Record<string, string>>;
  /** Any file or folder in the repository; the client's only root if absent. */
  uri?: string;
  /** The configured agent if absent, else the first real one installed. */
  agent?: string;
  /** The first line of the prompt if absent. */
  title?: string;
  /** Any ref, `branch:NAME` (work on that branch), `pr:NUMBER` (of `origin`, or the only remote), `task:ID` or `wip`; HEAD if absent. */
  base?: string;
  /** The configured target if absent, else the branch checked out now. */
  target?: string;
  /** The new branch's name; made from the title if absent. */
  branch?: string;
  /** Tasks that must be merged before it begins; it begins from the target then, so `base` must be absent. */
  after?: readonly string[];
  /** -1000 to 1000: the greater begins first. */
  priority?: number;
  /** What to file it under: lists and the configuration's routes go by them. At most 20, each up to 50 characters on one line, without a comma. */
  labels?: readonly string[];
  /** A task of the same repository below which it stands. An agent leaves it out: what it asks for stands below its own task. */
  parent?: string;
  /** Answer when its agent runs; else as soon as the task is kept. */
  wait?: boolean;
}

/** A batch; what is said here holds for each of its tasks. */
export interface CreateTasksParams {
  /** The batch itself; the content of `file` if absent. */
  text?: string;
  /** The URI of the file that it stands in. Its items are known again by it: one that has a task already makes no other, and its box is ticked by the merge. */
  file?: string;
  format?: BatchFormat;
  /** Any file or folder in the repository; `file`, else the client's only root, if absent. */
  uri?: string;
  /** Only the items that stand on these lines, from 1; all if there is none. */
  lines?: readonly number[];
  agent?: string;
  base?: string;
  target?: string;
  after?: readonly string[];
  labels?: readonly string[];
  /** Only say what would be made. */
  dryRun?: boolean;
  /** Write the tasks' ids behind the items of the file. */
  ids?: boolean;
}

/** What became of each entry, in their order. */
export interface CreateTasksResult {
  items: readonly BatchItemInfo[];
}

/** Where an agent would hand out tasks. */
export interface DelegationParams {
  /** Any file or folder in the repository; what holds in any, if absent. */
  uri?: string;
}

/** What the agent that asks may; a person is told what one from outside may. */
export interface DelegationResult {
  /** The task that it works on; absent for an agent that agentls didn't start. */
  task?: string;
  /** `list`, `show`, `create`, `send`, `stop`, `merge`, `discard`: its rights. */
  allow: readonly string[];
  /** Those that are installed and that it may hand tasks to. */
  agents: readonly string[];
  /** What these may do at most without asking: `ask`, `edits` or `all`. */
  approval: string;
  /** How deep what it hands out would stand: 1 below what a person asked for. */
  depth: number;
  /** Deeper it may hand out nothing. */
  maxDepth: number;
  /** How many tasks that it handed out are neither merged nor discarded. */
  open: number;
  /** More may not be. */
  maxOpen: number;
}

/** What to watch no more. */
export interface DetachParams {
  session: string;
}

/** What to discard; its agent is stopped and its work kept. */
export interface DiscardTaskParams {
  task: string;
}

/** What agentls takes on the disk, in bytes, and what is left. */
export interface DiskUsageResult {
  tasks: readonly TaskRoom[];
  /** How many worktrees are kept ready, and their bytes: */
  spares: number;
  sparesSize: number;
  /** How many copies of what setups made there are, and their bytes: */
  setups: number;
  setupsSize: number;
  /** All together. */
  size: number;
  /** `disk.budget`; 0 for any. */
  budget: number;
  /** What the disk for worktrees has left, and what is to stay free of it: */
  free: number;
  reserve: number;
}

/** One thing that was looked at. */
export interface DoctorFinding {
  name: string;
  ok: boolean;
  message: string;
  hint?: string;
}

/** For which repository to look; none if absent. */
export interface DoctorParams {
  uri?: string;
  /** Mend what can safely be mended. */
  repair?: boolean;
}

/** What the daemon found about itself and the repository. */
export interface DoctorResult {
  findings: readonly DoctorFinding[];
}

/** Another text for a comment that wasn't sent. */
export interface EditCommentParams {
  task: string;
  comment: number;
  text: string;
}

/** What a task is to do instead. */
export interface EditPromptParams {
  task: string;
  /** At most 100 KiB, no NUL. */
  prompt: string;
}

/** Nothing. */
export interface Empty {
}

/** How a session's program ended. */
export interface ExitInfo {
  status?: number;
  signal?: number;
  /** UTC, ISO 8601. */
  ended: string;
}

/** A place in a template that is filled in. */
export interface FieldInfo {
  name: string;
  /** The question for a person. */
  ask: string;
  /** What holds without an answer; absent: it must be given. */
  default?: string;
}

/** One file of a change. */
export interface FileInfo {
  path: string;
  /** Where it was, of a file that was renamed or copied. */
  oldPath?: string;
  status: FileStatus;
  /** Lines; absent for a binary file. */
  added?: number;
  deleted?: number;
  /** It is shown without lines: binary, or larger than 50 MB. */
  binary?: boolean;
  /** `100644`, `100755` (a program), `120000` (a link), `160000` (a submodule). */
  oldMode?: string;
  newMode?: string;
  /** The `agentls:` document of the old side; absent for an added file. */
  oldUri?: string;
  /** The new side: the real file in the worktree, or an `agentls:` document where the change leads elsewhere; absent for a deleted file. */
  uri?: string;
  /** All its hunks were marked as viewed. */
  viewed?: boolean;
  /** How many of them were. */
  viewedHunks?: number;
  /** Where they were asked for. */
  hunks?: readonly HunkInfo[];
}

/** What became of a file. */
export type FileStatus =
  | "added"
  | "modified"
  | "deleted"
  | "renamed"
  | "copied"
  | "typeChanged";

/** Something else is to be expected of these tasks than before. */
export interface ForecastChangedParams {
  /** The URI of the user's checkout. */
  repository: string;
  tasks: readonly TaskForecastInfo[];
}

/** What a list shows of a task's forecast. */
export interface ForecastInfo {
  /** Against the target: `clean`, `conflicts` or `unknown`. */
  target: string;
  /** The same against what is uncommitted in the user's checkout. */
  user: string;
  /** How many uncommitted files would keep the target's checkout from a merge. */
  inTheWay?: number;
  /** The ids of open tasks with the same target that it wouldn't go together with. */
  tasks?: readonly string[];
}

/** Of what to make a forecast; of all open tasks if nothing is named. */
export interface ForecastParams {
  /** Those of the repository that holds this file or folder. */
  uri?: string;
  task?: string;
}

/** What is to be expected. */
export interface ForecastResult {
  /** Those that have a checkpoint, in the order in which they were asked for. */
  tasks: readonly TaskOutlook[];
}

/** One thing that is due, or was done. */
export interface GcItem {
  /** `compressLog`, `dropLog`, `dropWorktree` or `dropSetup` (a copy of what a setup made); later versions know more. */
  what: string;
  /** Absent for what concerns the whole task. */
  session?: string;
  /** Absent for what belongs to no task. */
  task?: string;
  /** It goes only because more is taken than `disk.budget`. */
  forBudget?: boolean;
  /** Bytes that it takes before. */
  size: number;
  /** Bytes that this frees: a guess before, the truth when it was done. */
  frees: number;
  /** Why nothing was done. */
  why?: string;
}

/** Whether to do it. */
export interface GcParams {
  /** Do what is due; without it, only tell. */
  apply?: boolean;
}

/** What is due, or what was done. */
export interface GcResult {
  items: readonly GcItem[];
  applied: boolean;
}

/** Tasks that belong together. */
export interface GroupInfo {
  /** `batch` (asked for at once) or `race` (one of them is to be merged). */
  kind: string;
  /** The same for all of them. */
  id: string;
}

/** Which time, and of which tasks. */
export interface HistoryParams {
  /** ISO 8601 with an offset from UTC; a day before `until` if absent. */
  since?: string;
  /** The same; now if absent. */
  until?: string;
  /** Tasks of the repository that holds this file or folder; of all if absent. */
  uri?: string;
}

/** What became of tasks. */
export interface HistoryResult {
  /** Later than was asked for where so much happened that the rest is left out. */
  since: string;
  until: string;
  /** How far the present intervals reach. */
  now: string;
  /** Those that were open in that time, in the order in which they were asked for. */
  tasks: readonly TaskHistoryInfo[];
}

/** An agent's hook wrote an event to its session's file. */
export interface HookEventParams {
  session: string;
}

/** The least part of a change: removed and added lines with none in between. */
export interface HunkInfo {
  /** Made of path and content: it stays while other parts of the file change. */
  id: string;
  /** `file`: a rename, a copy, a mode, or content that is shown without lines (a binary, a link, a submodule, a very large file). It comes first in its file. */
  kind: HunkKind;
  /** The first line on the old side, from 1; where nothing was removed, the line that the added ones follow. 0 for a hunk without lines. */
  oldStart: number;
  oldLines: number;
  /** The same on the new side. */
  newStart: number;
  newLines: number;
  viewed?: boolean;
  /** `taken` (the target has it already), `refused` (and it is there again) or `edited` (by a person, after the turn). */
  decided?: string;
}

/** What a hunk is made of: lines, or what has none (a rename, a mode, a binary). */
export type HunkKind =
  | "lines"
  | "file";

/** Which hunk of a task's change (from its base to now). */
export interface HunkOriginParams {
  task: string;
  /** Its id. */
  hunk: string;
  /** Its file, where that is known: it is found sooner. */
  path?: string;
}

/** Where a hunk comes from. */
export interface HunkOriginResult {
  task: string;
  hunk: string;
  path: string;
  /** The first that holds it, of those that held it without a break until now; absent if it is newer than all. */
  checkpoint?: CheckpointInfo;
  /** The turn, with its prompt, in which it was made; with `byPerson`, the one after which. Absent before the first. */
  turn?: TurnInfo;
  /** It came when no turn was under way: a person made it. */
  byPerson?: boolean;
  /** The last run of each check on a checkpoint that holds it. */
  checks?: readonly CheckInfo[];
}

/** What was typed; for the controller. */
export interface InputParams {
  session: string;
  text?: string;
  base64?: string;
}

/** A time in which a task was in one state. */
export interface IntervalInfo {
  state: string;
  begun: string;
  /** Absent for the present one. */
  ended?: string;
  /** As it was when the task came there. */
  why?: string;
  /** What told it, as in a task. */
  source?: string;
  /** When a person first looked at the change; only in `review`. */
  opened?: string;
}

/** Some lines of a file, from 1, the last one among them. */
export interface LinesInfo {
  first: number;
  last: number;
}

/** For which repository: it may configure agents. */
export interface ListAgentsParams {
  uri?: string;
}

/** The agents, by name. */
export interface ListAgentsResult {
  agents: readonly AgentInfo[];
}

/** What was saved of a task, the oldest first, and its turns. */
export interface ListCheckpointsResult {
  task: string;
  checkpoints: readonly CheckpointInfo[];
  turns: readonly TurnInfo[];
}

/** Whose comments to list. */
export interface ListCommentsParams {
  task: string;
  /** Resolved threads too. */
  all?: boolean;
}

/** Comments by file and line, each thread in its order. */
export interface ListCommentsResult {
  task: string;
  comments: readonly CommentInfo[];
}

/** The scripts, in the order of the config. */
export interface ListScriptsResult {
  scripts: readonly ScriptInfo[];
}

/** Which tasks to list. */
export interface ListTasksParams {
  /** Only those of the repository that holds this file or folder. */
  uri?: string;
  /** Discarded ones too. */
  discarded?: boolean;
  /** Only those that have all of these labels. */
  labels?: readonly string[];
}

/** The tasks, in the order in which they were asked for. */
export interface ListTasksResult {
  rev: number;
  tasks: readonly TaskInfo[];
  /** Nothing that is queued begins; news come by `agentls/queueChanged`. */
  paused?: boolean;
}

/** For which repository; only the user's own if absent. */
export interface ListTemplatesParams {
  uri?: string;
}

/** The templates, in the order of the config. */
export interface ListTemplatesResult {
  templates: readonly TemplateInfo[];
}

/** What the living sessions use, as it is now. */
export interface LoadResult {
  /** Seconds of a clock that is never set: between two answers of one daemon. */
  at: number;
  /** How many processors the machine has. */
  cpus: number;
  /** Bytes of memory that programs can still have; absent where that is unknown. */
  available?: number;
  sessions: readonly SessionLoad[];
  /** The queued tasks in the order in which they will begin, as it looks now. */
  queue?: readonly string[];
}

/** A line of a session's output that matches. */
export interface LogHit {
  task: string;
  session: string;
  /** The byte of the log at which it begins. */
  offset: number;
  /** Counted from 1, among the lines that are kept. */
  line: number;
  /** Without escape sequences; of a very long line the part with the first match. */
  text: string;
  /** Where it matches. */
  spans: readonly Span[];
}

/** What of a task's change (from its base to now) was viewed. */
export interface MarkViewedParams {
  task: string;
  /** Ids of hunks; with `paths`, only these files are searched for them. */
  hunks?: readonly string[];
  /** Without `hunks`: all hunks of these files or folders. Without either: the whole change. */
  paths?: readonly string[];
  /** False takes the marks off. */
  viewed?: boolean;
}

/** How much is viewed now. */
export interface MarkViewedResult {
  task: string;
  /** Files of the change. */
  files: number;
  /** How many of them are viewed. */
  viewed: number;
}

/** How a task's work becomes commits on its target. */
export type MergeStrategy =
  | "squash"
  | "merge"
  | "rebase";

/** What to merge. */
export interface MergeTaskParams {
  task: string;
  /** The message of the commit that the merge makes; by the config's `merge.message` if absent. A rebase of nothing but the agent's commits makes none. */
  message?: string;
  /** The config's `merge.strategy` if absent. */
  strategy?: MergeStrategy;
  /** Stop an agent that still works, instead of refusing. */
  stop?: boolean;
  /** Merge although a check failed that a merge needs, or the task that it stands on isn't merged: its own lines alone go in. */
  force?: boolean;
  /** False makes commits without a signature where the user's git is set to sign. */
  sign?: boolean;
  /** Run none of the user's `pre-commit`, `pre-merge-commit` and `commit-msg`. Else those that are there must be trusted. */
  skipHooks?: boolean;
}

/** What the target got. */
export interface MergeTaskResult {
  task: TaskInfo;
  /** Where the target stands now. */
  commit: string;
  /** The URI of the checkout that was brought forward, if one has the target. */
  checkout?: string;
  /** What to review next in that repository, as `agentls.nextReview` would say. */
  next?: NextReviewResult;
}

/** A file that a merge would change in the target. */
export interface MergedFile {
  path: string;
  /** Where it was, of a file that would be renamed or copied. */
  oldPath?: string;
  status: FileStatus;
  /** Lines; absent for a binary file. */
  added?: number;
  deleted?: number;
}

/** Among which tasks to choose. */
export interface NextReviewParams {
  /** Only those of the repository that holds this file or folder. */
  uri?: string;
  /** The task that was looked at: give the one that follows it in the order. */
  after?: string;
}

/** The task to review next. */
export interface NextReviewResult {
  /** Absent when nothing is ready. */
  task?: TaskInfo;
  /** One sentence: why that one comes next, or why there is none. */
  why: string;
  /** How many more are ready. */
  left: number;
  /** The ids of tasks that are still at work and come to review by themselves. */
  going?: readonly string[];
  /** The ids of tasks that need you before: they ask, or failed. */
  stuck?: readonly string[];
}

/** What to show. */
export interface OpenRequestedParams {
  /** Its review is to be opened, as if the person had asked for it in this editor. */
  task: string;
}

/** Where a comment was written. */
export interface OriginalInfo {
  /** The commit in which path and lines are these. */
  checkpoint: string;
  path: string;
  line?: number;
  endLine?: number;
}

/** What is to be expected of a task against another side. */
export interface OutlookInfo {
  /** `clean`, `conflicts`, or `unknown`: a merge driver decides, or git lacks what it would have to read. */
  outcome: string;
  /** Those in conflict; for `unknown` those that nobody can tell of, if known. */
  files?: readonly ConflictFileInfo[];
}

/** A piece of a session's log. */
export interface OutputParams {
  session: string;
  /** Of its first byte. */
  offset: number;
  /** Of the byte after its last; what `ack` takes. */
  end: number;
  /** The piece, where it is UTF-8; */
  text?: string;
  /** else here. */
  base64?: string;
  /** Why the bytes from `offset` to `end` could not be kept; then there is no text. */
  gap?: string;
  /** In place of the bytes from `offset` to `end`, what draws the screen as it is at `end`: for a client that attached with `repaint` and lags far behind. */
  repaint?: string;
  /** With `repaint`: the terminal's size there. */
  rows?: number;
  cols?: number;
}

/** What is to be expected of a task and another one. */
export interface PairInfo {
  /** The other one. */
  task: string;
  outcome: string;
  files?: readonly ConflictFileInfo[];
}

/** Whose screen to read: a task's, of its present session, or a session's. */
export interface PeekParams {
  task?: string;
  session?: string;
}

/** What a person would read on a session's screen; nothing is attached. */
export interface PeekResult {
  session: string;
  /** How far the log was read. */
  offset: number;
  /** The screen's lines from the top, without the blanks at their ends. */
  lines: readonly string[];
  /** The title that the program has given its terminal. */
  title?: string;
}

/** Ports that a task has to itself, one after the other. */
export interface PortsInfo {
  /** `AGENTLS_PORT_BASE` of all that runs for it. */
  first: number;
  count: number;
}

/** Which merge to try. */
export interface PreviewMergeParams {
  task: string;
  /** As for `mergeTask`. */
  message?: string;
  /** As for `mergeTask`. */
  strategy?: MergeStrategy;
  /** As for `mergeTask`; a preview runs none either way. */
  skipHooks?: boolean;
}

/** What a merge would do now. */
export interface PreviewMergeResult {
  task: string;
  strategy: MergeStrategy;
  /** The name of the branch that it would go to. */
  target: string;
  /** Where that stands. */
  targetCommit: string;
  /** The merge would be done: no conflict, nothing in the way. */
  ok: boolean;
  /** Of the commit that the merge makes; absent where it makes none, and on a conflict. */
  message?: string;
  /** How many commits the target would get. */
  commits?: number;
  /** What would change in the target; none on a conflict. */
  files?: readonly MergedFile[];
  /** The paths that conflict. */
  conflicts?: readonly string[];
  /** What git says about them, each a line or more. */
  conflictMessages?: readonly string[];
  /** The URI of the checkout that would move with the target. */
  checkout?: string;
  /** Paths in that checkout that you changed or made, and that the merge would have to touch: it would be refused with `dirtyCheckout`. */
  inTheWay?: readonly string[];
  /** The hooks that would run before the commit is made, by their names. */
  hooks?: readonly string[];
  /** Why it is refused, where that is no matter of single files: a check failed, a hook isn't trusted, or that checkout is in the middle of a rebase, for instance. */
  whyNot?: string;
}

/** A task's branch on a remote, and the pull or merge request made of it. */
export interface PullRequestInfo {
  remote: string;
  branch: string;
  /** The commit that was pushed last. */
  pushed: string;
  /** The request's page; absent as long as there is none. */
  url?: string;
  /** `none` (no request), `draft`, `open`, `merged`, `closed`: when it was asked. */
  state: string;
}

/** The queue was paused, or goes on. */
export interface QueueChangedParams {
  paused: boolean;
}

/** How the queue stands. */
export interface QueueResult {
  paused: boolean;
  /** How many tasks wait in it. */
  queued: number;
}

/** One prompt for several agents, or for several tries of one. */
export interface RaceParams {
  prompt: string;
  /** The configured one if there is none; one may be named twice. */
  agents?: readonly string[];
  /** How many tasks each agent gets; at most 20 in all. */
  tries?: number;
  uri?: string;
  title?: string;
  base?: string;
  target?: string;
  after?: readonly string[];
  labels?: readonly string[];
}

/** The tasks of the race, in the order of their agents. */
export interface RaceResult {
  tasks: readonly TaskInfo[];
}

/** The bridge found another daemon: list and attach again from your offsets. */
export interface ReconnectedParams {
  /** Counts the daemons of this connection, from 1. */
  generation: number;
}

/** Which part of a change is put back in the worktree, as the base has it. */
export interface RefuseHunksParams {
  task: string;
  /** Ids of hunks; with `paths`, only these files are searched for them. */
  hunks?: readonly string[];
  /** Without `hunks`: all hunks of these files or folders. */
  paths?: readonly string[];
  /** Stop an agent that still works, instead of refusing. */
  stop?: boolean;
}

/** What was put back. */
export interface RefuseHunksResult {
  task: TaskInfo;
  /** Hunks. */
  refused: number;
  /** Hunks that the change has besides. */
  left: number;
  /** The number of the checkpoint that holds the worktree as it was before. */
  checkpoint: number;
}

/** A task's new title. */
export interface RenameTaskParams {
  task: string;
  title: string;
}

/** A report that was written. */
export interface ReportResult {
  /** Of its file, in agentls' own folder. The last 30 are kept. */
  uri: string;
}

/** The terminal's new size; for the controller. */
export interface ResizeParams {
  session: string;
  rows: number;
  cols: number;
}

/** The size of a session's terminal; sent to all that are attached to it. */
export interface ResizedParams {
  session: string;
  rows: number;
  cols: number;
}

/** Whether a comment's thread is done with. */
export interface ResolveCommentParams {
  task: string;
  comment: number;
  resolved?: boolean;
}

/** The answer to what a task's agent asks: a choice, or words. */
export interface RespondParams {
  task: string;
  /** One of `asked.choices`. */
  choice?: string;
  /** One line; line ends become blanks. */
  text?: string;
}

/** Whose conversation to go on with. */
export interface ResumeTaskParams {
  task: string;
  /** What to tell the agent; that it was interrupted and goes on, if absent. */
  text?: string;
}

/** Where to bring a task's worktree back to. */
export interface RewindParams {
  task: string;
  /** A checkpoint's number. */
  checkpoint: number;
  /** Stop an agent that still works, instead of refusing. */
  stop?: boolean;
}

/** Where the worktree is now. */
export interface RewindResult {
  task: TaskInfo;
  checkpoint: CheckpointInfo;
  /** The state that it was in; a rewind to it undoes this one. */
  before: CheckpointInfo;
  /** Paths in the worktree that stood in the way: git ignores or can't store them. */
  aside?: readonly string[];
  /** The URI of the folder to which they were moved. */
  asideFolder?: string;
}

/** Which checks to run. */
export interface RunChecksParams {
  task: string;
  /** All if absent; `reviewer` is the reviewing agent. */
  names?: readonly string[];
}

/** The task, with what came of its checks. */
export interface RunChecksResult {
  task: TaskInfo;
}

/** The task, and the session in which the script runs. */
export interface RunScriptResult {
  task: TaskInfo;
  session: SessionInfo;
}

/** A script that can be run for a task. */
export interface ScriptInfo {
  name: string;
  commands: readonly string[];
  /** Its last run for this task; absent before the first. */
  session?: SessionInfo;
}

/** Names a script of a task. */
export interface ScriptParams {
  task: string;
  /** As in the config's `run`. Absent: the only one there is, or, to stop, all. */
  name?: string;
}

/** What to look for in the output of sessions. */
export interface SearchLogsParams {
  /** A regular expression, as Python's `re` takes it, matched line by line. */
  pattern: string;
  /** The pattern is text and no expression. */
  fixed?: boolean;
  ignoreCase?: boolean;
  /** The tasks whose sessions are meant; all if absent. */
  tasks?: readonly string[];
  /** Hits in one answer, 1 to 1000. */
  limit?: number;
  /** The `more` of the answer before, to go on behind it. */
  more?: string;
}

/** One page of what was found, the newest session first. */
export interface SearchLogsResult {
  hits: readonly LogHit[];
  /** Give it with the next request, where there is more. */
  more?: string;
}

/** What to tell the agent. */
export interface SendPromptParams {
  task: string;
  text: string;
}

/** What to tell the agent besides the comments. */
export interface SendReviewParams {
  task: string;
  text?: string;
  /** In place of the configured `review.prompt`; the same braces are put in. */
  template?: string;
}

/** What was sent. */
export interface SendReviewResult {
  task: TaskInfo;
  prompt: string;
  /** Those that are `sent` now. */
  comments: readonly number[];
}

/** A session's program ended; sent to every client, after its last output. */
export interface SessionEndedParams {
  session: string;
  task: string;
  /** Absent when it vanished. */
  exit?: ExitInfo;
}

/** One run of a program in a terminal. */
export interface SessionInfo {
  id: string;
  /** `setup`, `agent`, `check`, `reviewer`, `script`, `teardown` or `train` (a check of a train that ends with this task, in a worktree of its own). */
  kind: string;
  title: string;
  live: boolean;
  /** UTC, ISO 8601. */
  started: string;
  exit?: ExitInfo;
  /** It vanished without an exit status: a reboot, or its shim was killed. */
  lost?: boolean;
}

/** What a session's processes use: counters, of which two make a rate. */
export interface SessionLoad {
  session: string;
  task: string;
  /** Bytes that its log is long. */
  output: number;
  /** Those that began in it and live; 0 where the system doesn't tell. */
  processes: number;
  /** Bytes that are theirs alone: without what they share with files. */
  memory: number;
  /** Seconds that they have kept processors busy. */
  cpu: number;
}

/** What a queued task waits for. */
export interface SetAfterParams {
  task: string;
  /** The tasks that must be merged before it begins, instead of those of before. */
  after: readonly string[];
}

/** How early a queued task begins. */
export interface SetPriorityParams {
  task: string;
  /** -1000 to 1000; the greater begins first. 0 is what a task has by itself. */
  priority: number;
}

/** An agent by its definition. */
export interface ShowAgentResult {
  agent: AgentInfo;
  /** The version that its definition was tried with. */
  tested?: string;
  /** The oldest version that works. */
  minimum?: string;
  /** Those that it lacks are left out. */
  abilities: readonly AbilityInfo[];
}

/** A part of a text, in UTF-16 code units. */
export interface Span {
  begin: number;
  end: number;
}

/** Which tasks to count; all if nothing is given. */
export interface StatsParams {
  /** Those of the repository that holds this file or folder. */
  uri?: string;
  /** Those that were asked for in the last days. */
  days?: number;
}

/** The agents that had tasks, the one with the most first. */
export interface StatsResult {
  agents: readonly AgentStats[];
}

/** What an agent is looked for. */
export interface SuggestAgentParams {
  prompt: string;
  labels?: readonly string[];
  /** Whose routes count; the user's own alone if absent. */
  uri?: string;
}

/** The agent that a task with `agent` `auto` would get. */
export interface SuggestAgentResult {
  agent: string;
  /** One sentence: the route, or the user's own record. */
  why: string;
  /** All that may be chosen by themselves, the best record first. */
  candidates: readonly CandidateInfo[];
}

/** A task is new or has changed. */
export interface TaskChangedParams {
  task: TaskInfo;
}

/** A task's forecast, for a list. */
export interface TaskForecastInfo {
  task: string;
  /** Absent when the task is open no more. */
  forecast?: ForecastInfo;
}

/** What became of a task; whole intervals and turns, also where they reach out. */
export interface TaskHistoryInfo {
  task: string;
  number: number;
  title: string;
  agent: string;
  /** The URI of the user's checkout. */
  repository: string;
  /** The present one. */
  state: string;
  created: string;
  mergedCommit?: string;
  /** Lines of its change, as of its last checkpoint; of one that was merged those that were. */
  added?: number;
  deleted?: number;
  /** In their order, without gaps. Those before this was kept are unknown. */
  intervals: readonly IntervalInfo[];
  turns?: readonly TurnTimesInfo[];
  /** In its whole life. */
  usage: UsageInfo;
}

/** A task as clients show it. */
export interface TaskInfo {
  id: string;
  /** Counts up; the order in which tasks were asked for. */
  number: number;
  title: string;
  agent: string;
  /** Why it was given to that agent, if that was chosen by itself; one sentence. */
  chosen?: string;
  /** What it is filed under. */
  labels?: readonly string[];
  /** See the states in docs/glossary.md. */
  state: string;
  /** One sentence for failed, waiting and interrupted, after a stop, and what a queued task waits for. */
  why?: string;
  /** What told the state: `event` (its hook or notify), `exit`, `osc` (a terminal sequence), `title`, `bell`, `screen` or `silence`; absent: agentls itself. */
  source?: string;
  /** What its agent waits for; only in `waiting`. */
  asked?: AskedInfo;
  /** Since when its working agent has written nothing; absent below 40 s. */
  quietSince?: string;
  /** The URI of the user's checkout. */
  repository: string;
  /** The URI of the task's worktree; there while the task isn't discarded. */
  worktree: string;
  branch: string;
  base: BaseInfo;
  /** The task that it stands on: it began from that one's state, follows it, and is merged after it. */
  on?: string;
  /** The branch that it merges into. */
  target: string;
  /** The tasks that must be merged before it begins. */
  after?: readonly string[];
  /** Of two queued tasks the one with the greater begins first. */
  priority?: number;
  created: string;
  changed: string;
  /** An update left conflicts that wait in its worktree: the next one ends it once they are resolved, and an abort takes it back. */
  openUpdate?: boolean;
  mergedCommit?: string;
  /** How many files it has changed, as of its last checkpoint; absent before. */
  files?: number;
  /** Lines, as `deleted`; binary files have none. */
  added?: number;
  deleted?: number;
  /** What it would conflict with; absent before its first checkpoint was looked at, and when it is open no more. News come by `agentls/forecastChanged`. */
  forecast?: ForecastInfo;
  /** Absent as long as its branch wasn't pushed. */
  pullRequest?: PullRequestInfo;
  /** In the order in which they began; the last `setup` or `agent` is the present one, that is attached to when none is named. */
  sessions?: readonly SessionInfo[];
  /** In the order in which they run. */
  checks?: readonly CheckInfo[];
  /** Absent before anything was run for it, and when it is merged or discarded. */
  ports?: PortsInfo;
  /** What it was asked for together with. */
  group?: GroupInfo;
  /** The task of its race that was merged, for which it was discarded. */
  lostTo?: string;
  /** The task whose agent handed it out, or below which a person put it. It may be listed no more. */
  parent?: string;
  /** `ask`, `edits` or `all`: what its agent may do at most without asking. Absent for what a person asked for, where the configuration alone decides. */
  approval?: string;
  /** Grows with every change of any task: drop what is older than you have. */
  rev: number;
}

/** All that is to be expected of a task, as of its last checkpoint. */
export interface TaskOutlook {
  task: string;
  /** Against the branch that it merges into. */
  target: OutlookInfo;
  /** Against what is uncommitted in the user's checkout. */
  user: OutlookInfo;
  /** Uncommitted files that would keep the target's checkout from a merge. */
  inTheWay?: readonly string[];
  /** Against other open tasks with the same target; those that are clean left out. */
  tasks?: readonly PairInfo[];
}

/** Names a task. */
export interface TaskParams {
  /** A task's id, or a beginning of it that no other task shares. */
  task: string;
}

/** A task is no more: its creation was cancelled. */
export interface TaskRemovedParams {
  task: string;
  rev: number;
}

/** A task, with its prompt. */
export interface TaskResult {
  task: TaskInfo;
  prompt?: string;
  /** With `getTask` alone. */
  usage?: UsageInfo;
}

/** The bytes that a task takes on the disk. */
export interface TaskRoom {
  task: string;
  /** Its folder, in its place or in the trash. */
  worktree: number;
  /** The output of its sessions. */
  logs: number;
}

/** A prompt with fields. */
export interface TemplateInfo {
  name: string;
  /** With its fields as `{name}`. */
  prompt: string;
  agent?: string;
  /** In the order in which they come. */
  fields: readonly FieldInfo[];
}

/** Which agent to try, and for how long at most. */
export interface TestAgentParams {
  agent: string;
  seconds?: number;
}

/** What a trial saw. */
export interface TestAgentResult {
  agent: string;
  abilities: readonly AbilityInfo[];
}

/** Which ready tasks to try one upon the other, and what to do with them. */
export interface TrainParams {
  /** Any file or folder in the repository; the client's only root if absent. */
  uri?: string;
  /** These, in this order; all that are in `review`, in its order, if absent. A task comes after the one that it stands on. */
  tasks?: readonly string[];
  /** Of these, the ones that go to this branch; the first one's target if absent. */
  target?: string;
  /** Run the checks that a merge needs on the whole, in a worktree of its own, and leave behind who breaks one. What was checked a moment ago isn't run again. */
  check?: boolean;
  /** Merge what goes in: the target moves once, or nothing changes. */
  merge?: boolean;
  /** As for `mergeTask`. */
  sign?: boolean;
  /** As for `mergeTask`. */
  skipHooks?: boolean;
}

/** How the train went. */
export interface TrainResult {
  /** The branch that it goes to; empty where nothing is ready. */
  target: string;
  /** In the order in which they were tried. */
  cars: readonly CarInfo[];
  /** What was checked of all that goes in together, up to one that fails. */
  checks?: readonly CheckInfo[];
  /** Why nothing can be merged though tasks go in: the target itself fails a check. */
  why?: string;
  /** All that goes in is in the target, and these tasks are `merged`. */
  merged?: boolean;
  /** The URI of the checkout that was brought forward, if one has the target. */
  checkout?: string;
}

/** What to do about the texts that the repository would run. */
export type TrustDecision =
  | "show"
  | "allow"
  | "deny";

/** One text that the repository would run. */
export interface TrustItemInfo {
  /** `config`, `filter`, or what only a merge runs: `hook`, `signing`. */
  kind: string;
  name: string;
  text: string;
  digest: string;
  /** `allowed`, `denied` or `undecided`. */
  decision: string;
}

/** Which repository, and the decision. */
export interface TrustParams {
  uri?: string;
  decision?: TrustDecision;
  /** Decide about these texts only, so that nothing unseen is allowed. */
  digests?: readonly string[];
}

/** All of the repository's texts with their decisions as they are now. */
export interface TrustResult {
  repository: string;
  items: readonly TrustItemInfo[];
}

/** From a prompt to the agent's rest. */
export interface TurnInfo {
  /** Counts from 1 in each task. */
  number: number;
  /** What was said while it lasted stands in it too, with empty lines between. */
  prompt: string;
  /** `create`, `prompt`, `resume`, `retry`, `review`, `update`; `terminal`: it was typed there, and the prompt may not be known. */
  source: string;
  /** UTC, ISO 8601. */
  begun: string;
  /** Absent while it lasts. */
  ended?: string;
  /** What the agent said last; empty where it doesn't tell. */
  said?: string;
}

/** When a turn was. */
export interface TurnTimesInfo {
  number: number;
  /** How its agent came to the prompt, as in a turn. */
  source: string;
  begun: string;
  ended?: string;
}

/** Which merge to take back. */
export interface UndoMergeParams {
  task: string;
}

/** Where things stand now. */
export interface UndoMergeResult {
  /** In review again. */
  task: TaskInfo;
  /** Where the target stands now: where it stood before the merge. */
  commit: string;
  /** The URI of the checkout that was brought back, if one has the target. */
  checkout?: string;
}

/** What became of an update. */
export type UpdateOutcome =
  | "updated"
  | "current"
  | "conflicts"
  | "aborted";

/** Who resolves the conflicts of an update. */
export type UpdateResolve =
  | "editor"
  | "agent";

/** What to update from its target, or from the task that it stands on. */
export interface UpdateTaskParams {
  task: string;
  /** Absent: on a conflict nothing is changed, and the error names the files. */
  resolve?: UpdateResolve;
  /** Bring back what was before an update that left conflicts. */
  abort?: boolean;
  /** Stop an agent that still works, instead of refusing. */
  stop?: boolean;
}

/** What was done. */
export interface UpdateTaskResult {
  task: TaskInfo;
  outcome: UpdateOutcome;
  /** What comes in by an update: the target's name, or `task ID`. */
  source: string;
  /** Paths in the worktree. */
  conflicts?: readonly string[];
  /** The same files as URIs. */
  uris?: readonly string[];
}

/** What a task took so far. */
export interface UsageInfo {
  turns: number;
  /** Seconds in which its agent worked. */
  worked: number;
  /** Seconds in which its agent waited for an answer. */
  waited: number;
  /** Tokens that the model read, the cached ones too; absent, as the others, where the agent doesn't tell. */
  input?: number;
  /** Tokens that the model wrote. */
  output?: number;
  /** Tokens of `input` that came from a cache. */
  cached?: number;
  /** US dollars. */
  cost?: number;
}

/** Whose change has other marks now. */
export interface ViewedChangedParams {
  task: string;
}

/** The states of a task. */
export type TaskState =
  | "queued"
  | "preparing"
  | "working"
  | "waiting"
  | "checking"
  | "review"
  | "failed"
  | "interrupted"
  | "merged"
  | "discarded";

/** The `kind` of an error's data. */
export type ErrorKind =
  | "agentMissing"
  | "branchExists"
  | "conflict"
  | "daemonRestarted"
  | "dirtyCheckout"
  | "gitFailed"
  | "internal"
  | "invalidParams"
  | "invalidState"
  | "noCommits"
  | "notARepository"
  | "notAllowed"
  | "notController"
  | "sessionEnded"
  | "storageFull"
  | "targetMoved"
  | "unknownAgent"
  | "unknownTask"
  | "untrusted";

/** Every command: what it takes, and what it gives. */
export interface Commands {
  "agentls.addComment": [AddCommentParams, CommentResult];
  "agentls.adopt": [AdoptParams, TaskResult];
  "agentls.applyHunks": [ApplyHunksParams, ApplyHunksResult];
  "agentls.attach": [AttachParams, AttachResult];
  "agentls.briefing": [TaskParams, BriefingResult];
  "agentls.changes": [ChangesParams, ChangesResult];
  "agentls.checkpoint": [TaskParams, CheckpointResult];
  "agentls.compareTasks": [CompareTasksParams, CompareTasksResult];
  "agentls.createPullRequest": [CreatePullRequestParams, CreatePullRequestResult];
  "agentls.createTask": [CreateTaskParams, TaskResult];
  "agentls.createTasks": [CreateTasksParams, CreateTasksResult];
  "agentls.delegation": [DelegationParams, DelegationResult];
  "agentls.deleteComment": [CommentParams, Empty];
  "agentls.detach": [DetachParams, Empty];
  "agentls.discardTask": [DiscardTaskParams, TaskResult];
  "agentls.diskUsage": [Empty, DiskUsageResult];
  "agentls.doctor": [DoctorParams, DoctorResult];
  "agentls.editComment": [EditCommentParams, CommentResult];
  "agentls.editPrompt": [EditPromptParams, TaskResult];
  "agentls.forecast": [ForecastParams, ForecastResult];
  "agentls.gc": [GcParams, GcResult];
  "agentls.getTask": [TaskParams, TaskResult];
  "agentls.history": [HistoryParams, HistoryResult];
  "agentls.hunkOrigin": [HunkOriginParams, HunkOriginResult];
  "agentls.listAgents": [ListAgentsParams, ListAgentsResult];
  "agentls.listCheckpoints": [TaskParams, ListCheckpointsResult];
  "agentls.listComments": [ListCommentsParams, ListCommentsResult];
  "agentls.listScripts": [TaskParams, ListScriptsResult];
  "agentls.listTasks": [ListTasksParams, ListTasksResult];
  "agentls.listTemplates": [ListTemplatesParams, ListTemplatesResult];
  "agentls.load": [Empty, LoadResult];
  "agentls.markViewed": [MarkViewedParams, MarkViewedResult];
  "agentls.mergeTask": [MergeTaskParams, MergeTaskResult];
  "agentls.nextReview": [NextReviewParams, NextReviewResult];
  "agentls.openIn": [TaskParams, Empty];
  "agentls.pauseQueue": [Empty, QueueResult];
  "agentls.peek": [PeekParams, PeekResult];
  "agentls.previewMerge": [PreviewMergeParams, PreviewMergeResult];
  "agentls.race": [RaceParams, RaceResult];
  "agentls.refreshPullRequest": [TaskParams, TaskResult];
  "agentls.refuseHunks": [RefuseHunksParams, RefuseHunksResult];
  "agentls.renameTask": [RenameTaskParams, TaskResult];
  "agentls.report": [HistoryParams, ReportResult];
  "agentls.resolveComment": [ResolveCommentParams, CommentResult];
  "agentls.respond": [RespondParams, TaskResult];
  "agentls.restoreTask": [TaskParams, TaskResult];
  "agentls.resumeQueue": [Empty, QueueResult];
  "agentls.resumeTask": [ResumeTaskParams, TaskResult];
  "agentls.retryTask": [TaskParams, TaskResult];
  "agentls.rewind": [RewindParams, RewindResult];
  "agentls.runChecks": [RunChecksParams, RunChecksResult];
  "agentls.runScript": [ScriptParams, RunScriptResult];
  "agentls.searchLogs": [SearchLogsParams, SearchLogsResult];
  "agentls.sendPrompt": [SendPromptParams, TaskResult];
  "agentls.sendReview": [SendReviewParams, SendReviewResult];
  "agentls.setAfter": [SetAfterParams, TaskResult];
  "agentls.setPriority": [SetPriorityParams, TaskResult];
  "agentls.showAgent": [AgentParams, ShowAgentResult];
  "agentls.startTask": [TaskParams, TaskResult];
  "agentls.stats": [StatsParams, StatsResult];
  "agentls.stopScript": [ScriptParams, TaskResult];
  "agentls.stopTask": [TaskParams, TaskResult];
  "agentls.suggestAgent": [SuggestAgentParams, SuggestAgentResult];
  "agentls.testAgent": [TestAgentParams, TestAgentResult];
  "agentls.train": [TrainParams, TrainResult];
  "agentls.trust": [TrustParams, TrustResult];
  "agentls.undoMerge": [UndoMergeParams, UndoMergeResult];
  "agentls.updateTask": [UpdateTaskParams, UpdateTaskResult];
}

/** What the server tells. */
export interface FromServer {
  "agentls/commentsChanged": CommentsChangedParams;
  "agentls/controllerChanged": ControllerChangedParams;
  "agentls/forecastChanged": ForecastChangedParams;
  "agentls/openRequested": OpenRequestedParams;
  "agentls/output": OutputParams;
  "agentls/queueChanged": QueueChangedParams;
  "agentls/reconnected": ReconnectedParams;
  "agentls/resized": ResizedParams;
  "agentls/sessionEnded": SessionEndedParams;
  "agentls/taskChanged": TaskChangedParams;
  "agentls/taskRemoved": TaskRemovedParams;
  "agentls/viewedChanged": ViewedChangedParams;
}

/** What the server is told. */
export interface ToServer {
  "agentls/ack": AckParams;
  "agentls/hookEvent": HookEventParams;
  "agentls/input": InputParams;
  "agentls/resize": ResizeParams;
}
