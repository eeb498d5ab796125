/** The two sides of a file's diff. */

import type { FileInfo } from "../generated/protocol";

/** URIs as the server gives them; undefined where that side has no file. */
export interface Sides {
  readonly base?: string;
  readonly now?: string;
}

export function sidesOf(file: FileInfo): Sides {
  return {
    ...(file.oldUri === undefined ? {} : { base: file.oldUri }),
    ...(file.uri === undefined ? {} : { now: file.uri }),
  };
}
