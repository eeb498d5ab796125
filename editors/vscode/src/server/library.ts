/** The library of language clients, in a bundle of its own: VS Code activates without it. */

export { LanguageClient, State, WorkDoneProgress } from "vscode-languageclient/node";
