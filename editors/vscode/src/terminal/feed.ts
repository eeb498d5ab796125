/** A session's output on its way to a terminal: decoded, in order, and acknowledged. */

import type { OutputParams } from "../generated/protocol";

/** Bytes that may be on their way. */
export const WINDOW = 512 << 10;

/** What VS Code's terminal draws of an extension's output, in bytes a millisecond. */
const PACE = 5 << 10;

const SOON_MS = 5;

export interface Sink {
  write(text: string): void;
  ack(end: number): void;
}

/**
 * Passes pieces on and acknowledges them at the terminal's pace.
 *
 * VS Code's terminal has no flow control for an extension's output: what it can't draw
 * it keeps. So the room for more is given no faster than it draws.
 */
export class Feed {
  readonly #sink: Sink;
  readonly #now: () => number;
  #decoder = new TextDecoder();
  #drawn = 0;
  #end: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(sink: Sink, from: number, now: () => number = Date.now) {
    this.#sink = sink;
    this.#end = from;
    this.#now = now;
  }

  /** How far the log was passed on: where another attach goes on from. */
  get end(): number {
    return this.#end;
  }

  take(piece: OutputParams): void {
    if (piece.offset < this.#end) {
      return; // told twice, as around a reconnection
    }
    this.#end = piece.end;
    this.#sink.write(this.#text(piece));
    this.#acknowledge(piece.end - piece.offset);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #text(piece: OutputParams): string {
    if (piece.repaint !== undefined) {
      this.#decoder = new TextDecoder();
      return piece.repaint;
    }
    if (piece.gap !== undefined) {
      this.#decoder = new TextDecoder();
      return `\r\n\x1b[0;2m[${piece.end - piece.offset} bytes are missing: ${piece.gap}]\x1b[0m\r\n`;
    }
    if (piece.base64 !== undefined) {
      return this.#decoder.decode(Buffer.from(piece.base64, "base64"), { stream: true });
    }
    return piece.text ?? "";
  }

  #acknowledge(bytes: number): void {
    const now = this.#now();
    this.#drawn = Math.max(now, this.#drawn) + bytes / PACE;
    const wait = this.#drawn - now;
    if (wait < SOON_MS) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#sink.ack(this.#end);
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#sink.ack(this.#end);
      }, wait);
    }
  }
}
