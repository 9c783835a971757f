import type { Readable } from "node:stream";
import { createInterface } from "node:readline/promises";
import { PassThrough } from "node:stream";
import { invalidParameter } from "../../core/errors.js";
import { hashPassword, isPrincipalName } from "../../http/index.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import type { Output } from "../output.js";

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
  // The replacement character: what was read is not UTF-8, which is how callers will send it.
  if (password.includes("\uFFFD")) throw invalidParameter("password", "must be UTF-8");
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
