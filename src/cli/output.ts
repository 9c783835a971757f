import type { Writable } from "node:stream";

/** Where a command speaks: results on `out`, everything else on `err`. */
export interface Output {
  /** One line of result. */
  line(text: string): void;
  /** One JSON value, on one line. */
  json(value: unknown): void;
  /** One line for people, on standard error. */
  say(text: string): void;
  /** True where people watch standard error. */
  readonly isTerminal: boolean;
  readonly err: Writable;
}

/** Control characters in paths and messages must not steer a terminal. */
const harmless = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "�");

export const processOutput: Output = {
  line: (text) => void process.stdout.write(`${harmless(text)}\n`),
  json: (value) => void process.stdout.write(`${JSON.stringify(value)}\n`),
  say: (text) => void process.stderr.write(`${harmless(text)}\n`),
  isTerminal: process.stderr.isTTY === true,
  err: process.stderr,
};
