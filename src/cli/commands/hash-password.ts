import type { Readable } from "node:stream";
import { createInterface } from "node:readline/promises";
import { PassThrough } from "node:stream";
import { invalidParameter } from "../../core/errors.js";
import { hashPassword, isPrincipalName } from "../../http/index.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import type { Output } from "../output.js";

const MAX_LENGTH = 1_024;

/** Prints a line for the file of `--auth basic:FILE`; the password comes from standard input, unseen on a terminal. */
export async function hashPasswordCommand(name: string, output: Output): Promise<ExitCode> {
  if (!isPrincipalName(name) || name.includes(":") || name.startsWith("#") || name !== name.trim()) {
    throw invalidParameter("name", 'must be a name without ":", control characters, or a "#" or blanks around it');
  }
  if (process.stdin.isTTY) output.say(`Password of ${name}:`);
  const password = await firstLine(process.stdin);
  if (password === "") throw invalidParameter("password", "give one on standard input");
  if (password.length > MAX_LENGTH) throw invalidParameter("password", `must have ${MAX_LENGTH} characters at most`);
  output.line(`${name}:${await hashPassword(password)}`);
  return EXIT.success;
}

/** Without its end. With `terminal` and an output nobody sees, readline takes the keys and shows none. */
async function firstLine(input: Readable & { isTTY?: boolean }): Promise<string> {
  const lines = createInterface({ input, output: new PassThrough().resume(), terminal: input.isTTY === true });
  try {
    for await (const line of lines) return line;
    return "";
  } finally {
    lines.close();
  }
}
