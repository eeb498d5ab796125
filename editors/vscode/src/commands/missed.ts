/** Clicks on a row that VS Code lost: it was drawn anew in that moment. */

/** What stands for such a row: to a command without any row the one in front is meant. */
export const MISSED = { missed: true } as const;

/** Give a command's arguments, with `MISSED` in place of a row that VS Code lost. */
export function withMissed(given: readonly unknown[]): readonly unknown[] {
  const [first, ...rest] = given;
  return given.length > 0 && (first === undefined || first === null) ? [MISSED, ...rest] : given;
}
