import { readFile, stat } from "node:fs/promises";
import { AssetmillError, invalidParameter } from "../../core/errors.js";
import { decoyFor, parsePasswordHash, type PasswordHash } from "./password-hash.js";
import { isPrincipalName } from "./principal-name.js";

/** The users who may log in. */
export interface PasswordList {
  readonly byName: ReadonlyMap<string, PasswordHash>;
  /** Checked for unknown names, so that refusing them takes as long. */
  readonly decoy: PasswordHash;
}

/**
 * Parses lines of `name:scrypt$N$r$p$salt$hash`; skips empty lines and those that begin with `#`. Throws INVALID_PARAMETER
 * with the number of an invalid line, never with its content.
 */
export function parsePasswordList(lines: readonly string[], field = "users"): PasswordList {
  const byName = new Map<string, PasswordHash>();
  for (const [i, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    const hash = parsePasswordHash(line.slice(colon + 1));
    if (!isPrincipalName(name) || !hash)
      throw invalidParameter(field, `line ${i + 1} is not of the form NAME:scrypt$N$r$p$salt$hash`);
    if (byName.has(name)) throw invalidParameter(field, `line ${i + 1} repeats a user of an earlier line`);
    byName.set(name, hash);
  }
  if (byName.size === 0) throw invalidParameter(field, "contains no users");
  return { byName, decoy: decoyFor([...byName.values()]) };
}

const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** A password list in a file. Checks the file for changes at most once a second. */
export class PasswordFile {
  readonly #file: string;
  #list: PasswordList | undefined;
  #version = "";
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<PasswordList> | undefined;

  private constructor(file: string) {
    this.#file = file;
  }

  /** Reads the file. Errors say why it cannot be used; they are for the operator who starts the server, not for callers. */
  static async open(file: string): Promise<PasswordFile> {
    const opened = new PasswordFile(file);
    await opened.#load();
    return opened;
  }

  /** Returns the current list. Throws UNAVAILABLE while the file cannot be read or is invalid, as when half written. */
  async list(): Promise<PasswordList> {
    if (this.#list && performance.now() - this.#lookedAtMs < 1_000) return this.#list;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<PasswordList> {
    try {
      return await this.#load();
    } catch (error) {
      this.#list = undefined;
      throw new AssetmillError("UNAVAILABLE", `cannot read the users in ${this.#file}`, { cause: error });
    }
  }

  async #load(): Promise<PasswordList> {
    const { mtimeMs, ctimeMs, size, ino } = await stat(this.#file);
    const version = [mtimeMs, ctimeMs, size, ino].join(" ");
    if (!this.#list || version !== this.#version) {
      if (size > MAX_FILE_BYTES) throw invalidParameter("users", `the file is larger than ${MAX_FILE_BYTES} bytes`);
      this.#list = parsePasswordList((await readFile(this.#file, "utf8")).split("\n"));
      this.#version = version;
    }
    this.#lookedAtMs = performance.now();
    return this.#list;
  }
}
