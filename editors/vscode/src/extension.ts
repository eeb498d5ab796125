/** Wires the parts; each owns what it makes. */

import * as vscode from "vscode";
import { briefingAuthor } from "./commands/briefing";
import { doctorAuthor } from "./commands/doctor";
import { forecastAuthor } from "./commands/forecast";
import { registerCommands } from "./commands/register";
import { Changes } from "./review/changes";
import { Comments } from "./review/comments";
import { Reviewer } from "./review/reviewer";
import { SourceControl } from "./review/sourceControl";
import { Connection } from "./server/connection";
import { Prompts } from "./tasks/prompts";
import { Tasks } from "./tasks/tasks";
import { Panels } from "./terminal/panels";
import { Decorations } from "./view/decorations";
import { Hints } from "./view/hints";
import { Pages } from "./view/pages";
import { QuickFix } from "./view/quickFix";
import { StatusBar } from "./view/statusBar";
import { TaskTree } from "./view/taskTree";
import { Telling } from "./view/telling";

export function activate(context: vscode.ExtensionContext): void {
  const connection = new Connection(context);
  const tasks = new Tasks(connection);
  const changes = new Changes(connection, tasks);
  const reviewer = new Reviewer(connection, tasks, changes);
  const comments = new Comments(connection, tasks, reviewer);
  const panels = new Panels(context, connection, tasks);
  const tree = new TaskTree(tasks, changes);
  const telling = new Telling({ connection, tasks, reviewer, panels });
  const prompts = new Prompts(connection, tasks);
  const sourceControl = new SourceControl(connection, tasks);
  const pages = new Pages({
    briefing: briefingAuthor(connection),
    doctor: doctorAuthor(connection),
    forecast: forecastAuthor(connection, tasks),
  });
  const parts = {
    context,
    connection,
    tasks,
    changes,
    comments,
    reviewer,
    pages,
    panels,
    prompts,
    sourceControl,
    tree,
    telling,
  };
  context.subscriptions.push(
    registerCommands(parts),
    vscode.window.registerFileDecorationProvider(new Decorations()),
    vscode.languages.registerCodeActionsProvider({ scheme: "file" }, new QuickFix(tasks), {
      providedCodeActionKinds: QuickFix.kinds,
    }),
    sourceControl,
    pages,
    prompts,
    new StatusBar(connection, tasks),
    new Hints(connection, tasks),
    telling,
    tree,
    panels,
    comments,
    reviewer,
    changes,
    tasks,
    connection,
  );
  // Not awaited: VS Code goes on, and the views follow the connection.
  connection.background(connection.start());
}
