import type { Writable } from "node:stream";
import { escapeLine, HIDDEN_CHARACTERS } from "../core/job/log-entry.js";

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
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "�").replace(HIDDEN, escapeLine);
const HIDDEN = new RegExp(`[${HIDDEN_CHARACTERS}]`, "g");

/**
 * Formats a value as JSON on one line. Escapes what would control the terminal or turn the text: the value stays the
 * same.
 */
export const jsonLine = (value: unknown): string =>
  JSON.stringify(value).replace(
    NOT_SHOWN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
// JSON.stringify escapes the other control characters.
const NOT_SHOWN = new RegExp(`[\u007f-\u009f\u2028\u2029${HIDDEN_CHARACTERS}]`, "g");

export const processOutput: Output = {
  line: (text) => void process.stdout.write(`${printable(text)}\n`),
  json: (value) => void process.stdout.write(`${jsonLine(value)}\n`),
  say: (text) => void process.stderr.write(`${printable(text)}\n`),
  isTerminal: process.stderr.isTTY === true,
  err: process.stderr,
};
