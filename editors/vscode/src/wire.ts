/** What the server answers when it refuses, and how that reads. */

import type { ErrorKind } from "./generated/protocol";

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

/** Put a refusal into one line, as VS Code's messages are. */
export function sentence(failure: Failure): string {
  return failure.hint ? `${failure.message} ${failure.hint}` : failure.message;
}
