/** The forecast as a page of Markdown. */

import type { OutlookInfo, TaskOutlook } from "../generated/protocol";

/** Write the page; `name` gives a task's title and id as Markdown. */
export function forecastPage(
  outlooks: readonly TaskOutlook[],
  name: (id: string) => string,
): string {
  const rows = outlooks.flatMap((outlook) => {
    const lines = [
      ...against("the target", outlook.target),
      ...against("your uncommitted changes", outlook.user),
      ...(outlook.tasks ?? []).flatMap((pair) => against(name(pair.task), pair)),
      ...(outlook.inTheWay?.length
        ? [`- your uncommitted files in the way of the merge: ${paths(outlook.inTheWay)}`]
        : []),
    ];
    return [`## ${name(outlook.task)}`, "", ...(lines.length ? lines : ["Merges cleanly."]), ""];
  });
  const empty = ["No open task has work to look at yet."];
  return `# Forecast\n\n${(rows.length ? rows : empty).join("\n")}\n`;
}

function against(what: string, { outcome, files }: Pick<OutlookInfo, "outcome" | "files">) {
  if (outcome === "clean") {
    return [];
  }
  const where = (files ?? []).map(({ path, lines }) =>
    [
      path,
      ...(lines ?? []).map(({ first, last }) => (first === last ? `${first}` : `${first}–${last}`)),
    ].join(":"),
  );
  const verb = outcome === "conflicts" ? "conflicts with" : "nobody can tell about";
  return [`- ${verb} ${what}${where.length ? `: ${paths(where)}` : ""}`];
}

function paths(names: readonly string[]): string {
  return names.map((name) => `\`${name.replaceAll("`", "ˋ")}\``).join(", ");
}

/** Keep a text from being read as Markdown. */
export function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~!]/g, "\\$&");
}
