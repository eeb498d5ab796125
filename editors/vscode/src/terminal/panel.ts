/** A task's terminal in VS Code's panel: what its session shows, and a way to type into it. */

import * as vscode from "vscode";
import type { AttachResult, OutputParams } from "../generated/protocol";
import type { Connection } from "../server/connection";
import { presentSession } from "../tasks/attention";
import type { Tasks } from "../tasks/tasks";
import { failureOf, sentence } from "../wire";
import { Feed, WINDOW } from "./feed";

const RESET = "\x1bc";

const USUAL: vscode.TerminalDimensions = { rows: 24, columns: 80 };

/** By then a panel that is seen was laid out. */
const LAYOUT_MS = 1000;

/** So long after a screen was written VS Code may still draw it, in another size. */
const DRAWN_MS = 1000;

/** Bytes of an ended session's log that are shown, its last ones. */
const TAIL = 1 << 20;

/** Follows the present session of one task, and the one that comes after it. */
export class Panel implements vscode.Pseudoterminal {
  readonly #task: string;
  readonly #connection: Connection;
  readonly #tasks: Tasks;
  readonly #write = new vscode.EventEmitter<string>();
  readonly #dimensions = new vscode.EventEmitter<vscode.TerminalDimensions | undefined>();
  readonly #owned: vscode.Disposable[];
  #size: vscode.TerminalDimensions | undefined;
  #session = "";
  #feed: Feed | undefined;
  /** The session whose end was told; a new daemon tells it again. */
  #ended = "";
  #controls = false;
  /** When the screen that was written last is drawn for certain. */
  #drawnBy = 0;
  /** How many attaches there were; only the last one counts. */
  #attaches = 0;
  #closed = false;
  /** Output that came before the answer which says where it goes on. */
  #early: OutputParams[] | undefined;
  #typed: string[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #lastKey = 0;

  readonly onDidWrite = this.#write.event;
  readonly onDidOverrideDimensions = this.#dimensions.event;

  constructor(task: string, connection: Connection, tasks: Tasks) {
    this.#task = task;
    this.#connection = connection;
    this.#tasks = tasks;
    this.#owned = [
      this.#write,
      this.#dimensions,
      connection.on("agentls/output", (piece) => this.#take(piece)),
      connection.on("agentls/controllerChanged", ({ session, you }) => {
        if (session === this.#session) {
          this.#controls = you;
        }
      }),
      connection.on("agentls/resized", ({ session, rows, cols }) => {
        if (session === this.#session && !this.#controls) {
          this.#dimensions.fire({ rows, columns: cols });
        }
      }),
      connection.on("agentls/sessionEnded", ({ session, exit }) => {
        if (session === this.#session && session !== this.#ended && !this.#early) {
          this.#ended = session;
          const how = exit?.signal
            ? `signal ${exit.signal}`
            : `status ${exit?.status ?? "unknown"}`;
          this.#say(`The session ended with ${how}.`);
        }
      }),
      connection.onDidConnect(() => void this.#attach({ anew: false })),
      tasks.onDidChange(({ after }) => {
        if (after?.id === this.#task && this.#size) {
          void this.#follow();
        }
      }),
      tasks.onDidList(() => this.#size && void this.#follow()),
    ];
  }

  open(size: vscode.TerminalDimensions | undefined): void {
    if (size) {
      this.#begin(size);
    } else {
      // The panel has no size before it was laid out; the first one comes soon.
      this.#timers.push(setTimeout(() => this.#begin(this.#size ?? USUAL), LAYOUT_MS));
    }
  }

  close(): void {
    this.#closed = true;
    this.#attaches += 1;
    if (this.#session) {
      this.#detach(this.#session);
    }
    this.#feed?.dispose();
    for (const timer of this.#timers) {
      clearTimeout(timer);
    }
    vscode.Disposable.from(...this.#owned).dispose();
  }

  /** When a person typed into it last, in ms as `Date.now()`; 0 for never. */
  get lastKey(): number {
    return this.#lastKey;
  }

  handleInput(data: string): void {
    this.#lastKey = Date.now();
    if (!this.#feed || this.#controls) {
      this.#input(data);
      return;
    }
    // Somebody else has the keyboard: who types takes it.
    this.#typed.push(data);
    if (!this.#early) {
      void this.#attach({ anew: false });
    }
  }

  setDimensions(size: vscode.TerminalDimensions): void {
    if (!this.#size) {
      this.#begin(size);
      return;
    }
    if (size.rows === this.#size.rows && size.columns === this.#size.columns) {
      return;
    }
    this.#size = size;
    if (!this.#controls || this.#early) {
      return; // the answer on its way is looked at in this size
    }
    if (Date.now() < this.#drawnBy) {
      // VS Code begins with a size of its own before it lays a panel out.
      void this.#attach({ anew: true });
    } else {
      this.#resize(size);
    }
  }

  #begin(size: vscode.TerminalDimensions): void {
    if (!this.#size) {
      this.#size = size;
      void this.#follow();
    }
  }

  #resize({ rows, columns }: vscode.TerminalDimensions): void {
    this.#connection.send("agentls/resize", { session: this.#session, rows, cols: columns });
  }

  async #follow(): Promise<void> {
    const task = this.#tasks.get(this.#task);
    const present = task && presentSession(task);
    if (present && present.id !== this.#session) {
      this.#session = present.id;
      await this.#attach({ anew: true });
    }
  }

  /** Attach to the session: from its screen when it is `anew`, else from where we are. */
  async #attach({ anew }: { anew: boolean }): Promise<void> {
    const [session, size] = [this.#session, this.#size];
    if (!session || !size) {
      return;
    }
    const from = anew ? undefined : this.#feed?.end;
    const attach = ++this.#attaches;
    this.#early = [];
    try {
      const answer = await this.#connection.request("agentls.attach", {
        session,
        repaint: true,
        window: WINDOW,
        control: true,
        rows: size.rows,
        cols: size.columns,
        ...(from === undefined ? {} : { offset: from }),
      });
      if (this.#isLate(attach, session)) {
        return;
      }
      const resized = this.#size !== size && answer.controller;
      if (resized && answer.repaint !== undefined) {
        // VS Code shows no more rows than the panel has: the first ones would be lost.
        await this.#attach({ anew: true });
        return;
      }
      // A screen can't be resized any more; lines can be scrolled through.
      const shown = answer.live || from !== undefined ? answer : await this.#replay(answer);
      if (this.#isLate(attach, session)) {
        return;
      }
      this.#attached(shown, from);
      if (resized && this.#size) {
        this.#resize(this.#size);
      }
    } catch (error) {
      if (attach === this.#attaches) {
        this.#early = undefined;
        this.#say(sentence(failureOf(error)));
      }
    }
  }

  /** Whether another attach has taken the place of one, or the panel was closed meanwhile. */
  #isLate(attach: number, session: string): boolean {
    if (this.#closed) {
      this.#detach(session);
    }
    return attach !== this.#attaches;
  }

  #detach(session: string): void {
    this.#connection.request("agentls.detach", { session }).catch(() => {
      // It was over anyway: the daemon forgets a client that goes.
    });
  }

  /** Attach to an ended session again, to its log instead of its last screen. */
  #replay({ session, first, size }: AttachResult): Promise<AttachResult> {
    const offset = Math.max(first, size - TAIL);
    return this.#connection.request("agentls.attach", { session, offset, window: WINDOW });
  }

  #attached(answer: AttachResult, from: number | undefined): void {
    this.#controls = answer.controller;
    const { rows, cols } = answer;
    // Who only watches sees the session in its own size, as far as the panel has room.
    this.#dimensions.fire(answer.controller || !rows ? undefined : { rows, columns: cols });
    if (answer.repaint !== undefined || answer.offset !== from) {
      this.#write.fire(RESET + (answer.repaint ?? ""));
      this.#drawnBy = Date.now() + DRAWN_MS;
    }
    this.#feed?.dispose();
    const { session } = answer;
    this.#feed = new Feed(
      {
        write: (text) => this.#write.fire(text),
        ack: (end) => this.#connection.send("agentls/ack", { session, end }),
      },
      answer.offset,
    );
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const piece of early) {
      this.#feed.take(piece);
    }
    for (const data of this.#typed.splice(0)) {
      this.#input(data);
    }
  }

  #take(piece: OutputParams): void {
    if (piece.session !== this.#session) {
      return;
    }
    if (this.#early) {
      this.#early.push(piece);
    } else {
      this.#feed?.take(piece);
    }
  }

  #input(data: string): void {
    if (this.#session) {
      this.#connection.send("agentls/input", { session: this.#session, text: data });
    }
  }

  #say(text: string): void {
    this.#write.fire(`\r\n\x1b[0;2m${text}\x1b[0m\r\n`);
  }
}
