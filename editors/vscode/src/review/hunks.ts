/** The hunks of a file, by lines. */

import type { HunkInfo } from "../generated/protocol";

/** Give the hunks that have one of the lines, counted from 1, on a side. */
export function hunksAt(
  hunks: readonly HunkInfo[],
  { old, first, last }: { old: boolean; first: number; last: number },
): readonly HunkInfo[] {
  return hunks.filter((hunk) => {
    const [start, count] = old ? [hunk.oldStart, hunk.oldLines] : [hunk.newStart, hunk.newLines];
    // Where a side has no lines of it, the hunk is between `start` and the next one.
    return count > 0 ? start <= last && first < start + count : start <= last && first <= start + 1;
  });
}
