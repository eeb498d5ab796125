/** What commands work with. */

import type * as vscode from "vscode";
import type { Changes } from "./review/changes";
import type { Comments } from "./review/comments";
import type { Reviewer } from "./review/reviewer";
import type { SourceControl } from "./review/sourceControl";
import type { Connection } from "./server/connection";
import type { Prompts } from "./tasks/prompts";
import type { Tasks } from "./tasks/tasks";
import type { Panels } from "./terminal/panels";
import type { Pages } from "./view/pages";
import type { TaskTree } from "./view/taskTree";
import type { Telling } from "./view/telling";

export interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly connection: Connection;
  readonly tasks: Tasks;
  readonly changes: Changes;
  readonly comments: Comments;
  readonly reviewer: Reviewer;
  readonly pages: Pages;
  readonly panels: Panels;
  readonly prompts: Prompts;
  readonly sourceControl: SourceControl;
  readonly tree: TaskTree;
  readonly telling: Telling;
}
