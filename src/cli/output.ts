import type { Writable } from "node:stream";

/** A command's output: results on standard output, messages on standard error. */
export interface Output {
  /** Prints one line of the result. */
  line(text: string): void;
  /** Prints one JSON value of the result on one line. */
  json(value: unknown): void;
  /** Prints one message for people on standard error. */
  say(text: string): void;
  /** Whether standard error is a terminal. */
  readonly isTerminal: boolean;
  readonly err: Writable;
}

/** Replaces control characters, also those that turn the direction of the text: nothing may control the terminal. */
export const printable = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "�")
    .replace(TURNING, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
const TURNING = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;

export const processOutput: Output = {
  line: (text) => void process.stdout.write(`${printable(text)}\n`),
  json: (value) => void process.stdout.write(`${JSON.stringify(value)}\n`),
  say: (text) => void process.stderr.write(`${printable(text)}\n`),
  isTerminal: process.stderr.isTTY === true,
  err: process.stderr,
};
