import type { Readable } from "node:stream";
import { createInterface } from "node:readline/promises";
import { PassThrough } from "node:stream";
import { invalidParameter } from "../../core/errors.js";
import { hashPassword, isPrincipalName } from "../../http/index.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import type { Output } from "../output.js";

const MAX_LENGTH = 1_024;

/** Prints a line for the file of `--auth basic:FILE`. Reads the password from standard input, without echo on a terminal. */
export async function hashPasswordCommand(name: string, output: Output): Promise<ExitCode> {
  if (!isPrincipalName(name) || name.includes(":") || name.startsWith("#") || name !== name.trim()) {
    throw invalidParameter(
      "name",
      'must not contain ":" or control characters, begin with "#", or have surrounding blanks',
    );
  }
  if (process.stdin.isTTY) output.say(`Password for ${name}:`);
  const password = await firstLine(process.stdin);
  if (password === "") throw invalidParameter("password", "must not be empty; give it on standard input");
  if (password.length > MAX_LENGTH) throw invalidParameter("password", `must have at most ${MAX_LENGTH} characters`);
  output.line(`${name}:${await hashPassword(password)}`);
  return EXIT.success;
}

/** Reads one line, without its line break. With `terminal` and a discarded output, readline does not echo the keys. */
async function firstLine(input: Readable & { isTTY?: boolean }): Promise<string> {
  const lines = createInterface({ input, output: new PassThrough().resume(), terminal: input.isTTY === true });
  try {
    for await (const line of lines) return line;
    return "";
  } finally {
    lines.close();
  }
}
