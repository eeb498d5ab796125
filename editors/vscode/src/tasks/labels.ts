/** Labels: what tasks are filed under. */

import type { TaskInfo } from "../generated/protocol";

const SHOWN_MAX = 10;

/** Read labels with commas between, each once. */
export function labelsIn(text: string): readonly string[] {
  const labels = text.split(",").map((label) => label.trim());
  return [...new Set(labels.filter(Boolean))];
}

/** Give the labels of tasks, those of the newest tasks first, and not more than can be read. */
export function labelsInUse(tasks: readonly TaskInfo[]): readonly string[] {
  const newest = [...tasks].sort((a, b) => b.number - a.number);
  return [...new Set(newest.flatMap(({ labels = [] }) => labels))].slice(0, SHOWN_MAX);
}
