/** What the server answers when it refuses, and how that reads. */

import type { Commands, ErrorKind } from "./generated/protocol";

/** A refusal: what happened, and what to do next. */
export interface Failure {
  readonly message: string;
  readonly hint: string;
  /** Absent where the request never came to a server of ours. */
  readonly kind?: ErrorKind;
  readonly cancelled: boolean;
}

const REQUEST_CANCELLED = -32800;

/** Read whatever a request was rejected with. */
export function failureOf(error: unknown): Failure {
  const given = (typeof error === "object" && error !== null ? error : {}) as {
    message?: unknown;
    code?: unknown;
    data?: { kind?: ErrorKind; hint?: unknown } | null;
  };
  const hint = given.data?.hint;
  const kind = given.data?.kind;
  return {
    message: typeof given.message === "string" ? given.message : String(error),
    hint: typeof hint === "string" ? hint : "",
    ...(kind === undefined ? {} : { kind }),
    cancelled: given.code === REQUEST_CANCELLED,
  };
}

/** What a person can do about a refusal: a button's text, and the command that it runs. */
export interface NextStep {
  readonly title: string;
  readonly command: string;
}

const SHOW_LOG: NextStep = { title: "Show Log", command: "agentls.ui.showLog" };

const NEXT_STEPS: Partial<Record<ErrorKind, NextStep>> = {
  agentMissing: { title: "Doctor", command: "agentls.ui.doctor" },
  daemonRestarted: { title: "Show Tasks", command: "agentls.ui.tasks.focus" },
  dirtyCheckout: { title: "Show My Changes", command: "workbench.view.scm" },
  gitFailed: SHOW_LOG,
  internal: SHOW_LOG,
  notARepository: { title: "Open Folder…", command: "workbench.action.files.openFolder" },
  storageFull: { title: "Clean Up…", command: "agentls.ui.cleanUp" },
  unknownTask: { title: "Refresh", command: "agentls.ui.refresh" },
  untrusted: { title: "Show What It Runs", command: "agentls.ui.trust" },
};

const RESTART: NextStep = { title: "Restart Server", command: "agentls.ui.restart" };

/** Give the next step where one command is it. */
export function nextStep({ kind }: Failure): NextStep | undefined {
  return kind === undefined ? RESTART : NEXT_STEPS[kind];
}

/** Commands that change nothing, so that they can be sent again when the daemon went. */
const READING: ReadonlySet<string> = new Set<keyof Commands>([
  "agentls.briefing",
  "agentls.changes",
  "agentls.compareTasks",
  "agentls.forecast",
  "agentls.getTask",
  "agentls.hunkOrigin",
  "agentls.listAgents",
  "agentls.listCheckpoints",
  "agentls.listComments",
  "agentls.listTasks",
  "agentls.nextReview",
  "agentls.previewMerge",
  "agentls.stats",
]);

/** Whether a request that a daemon took with it is to be sent to the next one, unasked. */
export function isSentAgain(command: string, failure: Failure): boolean {
  return failure.kind === "daemonRestarted" && READING.has(command);
}

/** Put a refusal into one line, as VS Code's messages are. */
export function sentence(failure: Failure): string {
  return failure.hint ? `${failure.message} ${failure.hint}` : failure.message;
}
