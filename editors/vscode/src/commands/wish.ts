/** What a new task is asked for with: words, or a template with its fields; and labels. */

import * as vscode from "vscode";
import type { TemplateInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { labelsIn, labelsInUse } from "../tasks/labels";
import { failureOf, sentence } from "../wire";
import type { Carried } from "./carried";

export interface Wish {
  /** With a template what comes after its text, if any. */
  readonly prompt: string;
  readonly labels: readonly string[];
  readonly template?: TemplateInfo;
  readonly fields?: Readonly<Record<string, string>>;
}

/** What the first step was left by. */
interface Left {
  readonly text: string;
  readonly to: "words" | "template" | "labels";
}

const NOTHING = "Say what is to be done.";
const TEMPLATE: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("note"),
  tooltip: "Use a Template…",
};
const LABELS: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("tag"),
  tooltip: "Labels…",
};

/** Ask what is to be done, in words alone. */
export function askPrompt(title: string, carried: Carried): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title,
    ...texts(carried),
    value: carried.prompt ?? "",
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() ? undefined : NOTHING),
  });
}

/** Ask what is to be done, beginning with what was typed before. */
export async function askWish(
  parts: Parts,
  {
    title,
    uri,
    carried,
    draft,
  }: {
    readonly title: string;
    readonly uri: string;
    readonly carried: Carried;
    readonly draft: Partial<Wish>;
  },
): Promise<Wish | undefined> {
  const templates = listTemplates(parts, uri);
  let labels = draft.labels ?? [];
  let typed = carried.prompt ?? draft.prompt ?? "";
  for (;;) {
    const left = await askWords({ title, carried, typed, labels, templates });
    if (!left) {
      return undefined;
    }
    typed = left.text;
    if (left.to === "words") {
      return { prompt: typed.trim(), labels };
    }
    if (left.to === "labels") {
      labels = (await askLabels(parts, labels)) ?? labels;
      continue;
    }
    const template = await chooseTemplate(await templates, title);
    const fields = template && (await askFields(template, { title, before: draft.fields ?? {} }));
    if (fields) {
      return { prompt: typed.trim(), labels, template, fields };
    }
  }
}

/** List the templates; none where they can't be had, since words are enough. */
async function listTemplates(parts: Parts, uri: string): Promise<readonly TemplateInfo[]> {
  try {
    return (await parts.connection.request("agentls.listTemplates", { uri })).templates;
  } catch (error) {
    parts.connection.log.warn(`No templates. ${sentence(failureOf(error))}`);
    return [];
  }
}

function texts({ label }: Carried, labels: readonly string[] = []) {
  return {
    prompt: [
      label ? `With ${label}` : "What is to be done?",
      ...(labels.length > 0 ? [`labels: ${labels.join(", ")}`] : []),
    ].join(" · "),
    placeHolder: "Add a --verbose flag, with tests",
  };
}

/** Ask for words; a button, or with templates Enter alone, leads to something else. */
function askWords(given: {
  readonly title: string;
  readonly carried: Carried;
  readonly typed: string;
  readonly labels: readonly string[];
  readonly templates: Promise<readonly TemplateInfo[]>;
}): Promise<Left | undefined> {
  const input = vscode.window.createInputBox();
  const { prompt, placeHolder } = texts(given.carried, given.labels);
  input.title = given.title;
  input.prompt = prompt;
  input.placeholder = placeHolder;
  input.value = given.typed;
  input.ignoreFocusOut = true;
  input.buttons = [LABELS];
  return new Promise((resolve) => {
    let open = true;
    const leave = (to?: Left["to"]) => {
      if (open) {
        open = false;
        resolve(to && { text: input.value, to });
        input.dispose();
      }
    };
    void given.templates.then((templates) => {
      if (open && templates.length > 0) {
        input.buttons = [TEMPLATE, LABELS];
        input.placeholder = `${placeHolder} (Enter alone: a template)`;
      }
    });
    input.onDidAccept(() => {
      if (input.value.trim()) {
        leave("words");
      } else if (input.buttons.includes(TEMPLATE)) {
        leave("template");
      } else {
        input.validationMessage = NOTHING;
      }
    });
    input.onDidChangeValue(() => {
      input.validationMessage = undefined;
    });
    input.onDidTriggerButton((button) => leave(button === LABELS ? "labels" : "template"));
    input.onDidHide(() => leave());
    input.show();
  });
}

async function chooseTemplate(
  templates: readonly TemplateInfo[],
  title: string,
): Promise<TemplateInfo | undefined> {
  const items = templates.map((template) => ({
    label: `$(note) ${template.name}`,
    description: template.agent ?? "",
    detail: template.prompt.trim().replace(/\s*\n\s*/g, " "),
    template,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: "Which template?",
    ignoreFocusOut: true,
    matchOnDetail: true,
  });
  return chosen?.template;
}

/** Ask for each field, with what was given `before`; undefined if the person leaves. */
async function askFields(
  { name, fields }: TemplateInfo,
  { title, before }: { readonly title: string; readonly before: Readonly<Record<string, string>> },
): Promise<Readonly<Record<string, string>> | undefined> {
  const given: Record<string, string> = {};
  for (const field of fields) {
    const text = await vscode.window.showInputBox({
      title: `${title}: ${name}`,
      prompt: field.ask,
      value: before[field.name] ?? field.default ?? "",
      ignoreFocusOut: true,
      validateInput: (typed) =>
        typed.trim() || field.default !== undefined ? undefined : `Fill in “${field.name}”.`,
    });
    if (text === undefined) {
      return undefined;
    }
    given[field.name] = text;
  }
  return given;
}

async function askLabels(
  parts: Parts,
  labels: readonly string[],
): Promise<readonly string[] | undefined> {
  const known = labelsInUse(parts.tasks.all());
  const typed = await vscode.window.showInputBox({
    title: "Labels of the New Task",
    prompt: `With commas between${known.length > 0 ? `. In use: ${known.join(", ")}` : ""}`,
    placeHolder: "chore, docs",
    value: labels.join(", "),
    ignoreFocusOut: true,
  });
  return typed === undefined ? undefined : labelsIn(typed);
}
