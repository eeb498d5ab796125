/** Train: what is ready, tried and checked together, and merged in one step. */

import * as vscode from "vscode";
import type { CarInfo, TrainParams, TrainResult } from "../generated/protocol";
import type { Parts } from "../parts";
import type { Following } from "../server/connection";
import { folder } from "./newTask";
import { openNext } from "./review";

interface Car extends vscode.QuickPickItem {
  readonly car?: CarInfo;
}

export async function train(parts: Parts): Promise<void> {
  const repository = await folder();
  if (!repository) {
    return;
  }
  const uri = repository.toString();
  const tried = await run(parts, "Trying what is ready together", { uri, check: true });
  const chosen = tried && (await choose(parts, tried));
  if (!tried || !chosen || chosen.length === 0) {
    return;
  }
  const merged = await run(parts, `Merging ${counted(chosen.length)}`, {
    uri,
    tasks: chosen,
    target: tried.target,
    check: true,
    merge: true,
  });
  if (merged?.merged) {
    const into = merged.cars.filter(({ outcome }) => outcome === "clean");
    void vscode.window.showInformationMessage(`${counted(into.length)} in ${merged.target} now.`);
    if (parts.tasks.all().some(({ state }) => state === "review")) {
      await openNext(parts);
    }
  } else if (merged) {
    // It is another train than the one that was shown: what goes in is to be seen again.
    void vscode.window.showWarningMessage(`Nothing was merged. ${left(merged)}`);
  }
}

function run(parts: Parts, title: string, params: TrainParams): Promise<TrainResult | undefined> {
  return Promise.resolve(
    vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (progress, cancel) => {
        const following: Following = { cancel, report: (message) => progress.report({ message }) };
        return parts.connection.ask("agentls.train", params, following);
      },
    ),
  );
}

/** Show the train; gives the tasks to merge, in its order. */
async function choose(parts: Parts, tried: TrainResult): Promise<readonly string[] | undefined> {
  const clean = tried.cars.filter(({ outcome }) => outcome === "clean");
  if (clean.length === 0 || tried.why) {
    const said = tried.cars.length === 0 ? "No task is ready for review." : left(tried);
    void vscode.window.showInformationMessage(`Nothing can be merged together. ${said}`);
    return undefined;
  }
  const checks = (tried.checks ?? []).map(({ name, outcome }) => `${name} ${outcome}`).join(", ");
  const chosen = await vscode.window.showQuickPick(items(parts, tried.cars), {
    title: `Train into ${tried.target}: ${clean.length} of ${tried.cars.length} go in together`,
    placeHolder: `Enter merges these in one step${checks ? ` (${checks})` : ""}`,
    canPickMany: true,
    ignoreFocusOut: true,
  });
  return chosen?.flatMap(({ car }) => car?.task ?? []);
}

function items(parts: Parts, cars: readonly CarInfo[]): Car[] {
  const item = (car: CarInfo, icon: string): Car => ({
    label: `$(${icon}) ${parts.tasks.get(car.task)?.title ?? car.task}`,
    description: car.task,
    ...(car.why ? { detail: car.why } : {}),
    picked: car.outcome === "clean",
    car,
  });
  const [clean, behind] = [true, false].map((goes) =>
    cars.filter(({ outcome }) => (outcome === "clean") === goes),
  );
  return [
    ...(clean ?? []).map((car) => item(car, "check")),
    ...(behind?.length ? [{ label: "Left behind", kind: vscode.QuickPickItemKind.Separator }] : []),
    ...(behind ?? []).map((car) => item(car, "circle-slash")),
  ];
}

/** Say why tasks are left behind, and what stands in the way of all. */
function left({ cars, why }: TrainResult): string {
  const behind = cars.filter(({ outcome }) => outcome !== "clean");
  return [why, ...behind.map((car) => `${car.task}: ${car.why ?? car.outcome}`)]
    .filter(Boolean)
    .join(" ");
}

function counted(tasks: number): string {
  return tasks === 1 ? "1 task is" : `${tasks} tasks are`;
}
