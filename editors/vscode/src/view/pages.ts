/** Pages of the server's own words, as VS Code's Markdown preview shows them. */

import * as vscode from "vscode";

const SCHEME = "agentls-page";

/** Writes a page's Markdown; asked anew each time that the page is shown. */
export type Author = (about: string) => Promise<string>;

export class Pages implements vscode.Disposable {
  readonly #authors: Readonly<Record<string, Author>>;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #owned: vscode.Disposable[];

  constructor(authors: Readonly<Record<string, Author>>) {
    this.#authors = authors;
    this.#owned = [
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
        onDidChange: this.#changed.event,
        provideTextDocumentContent: (uri) => this.#write(uri),
      }),
    ];
  }

  /** Show a page; `title` is its tab's name, `about` what its author is asked for. */
  async show(kind: string, about: string, title: string): Promise<void> {
    const name = title.replaceAll("/", "∕");
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${kind}/${name}.md`, query: about });
    this.#changed.fire(uri);
    await vscode.commands.executeCommand("markdown.showPreview", uri);
  }

  dispose(): void {
    vscode.Disposable.from(...this.#owned).dispose();
  }

  async #write(uri: vscode.Uri): Promise<string> {
    const author = this.#authors[uri.path.split("/")[1] ?? ""];
    return author ? author(uri.query) : "";
  }
}
