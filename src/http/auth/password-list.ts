import { readFile, stat } from "node:fs/promises";
import { AssetmillError, invalidParameter } from "../../core/errors.js";
import { decoyFor, parsePasswordHash, type PasswordHash } from "./password-hash.js";
import { isPrincipalName } from "./principal-name.js";

/** Who may log in. */
export interface PasswordList {
  readonly byName: ReadonlyMap<string, PasswordHash>;
  /** Checked for names that are not on the list, so that an answer takes as long. */
  readonly decoy: PasswordHash;
}

/**
 * Lines of `name:scrypt$N$r$p$salt$hash`; empty ones and those that begin with `#` are passed over. INVALID_PARAMETER
 * naming the line that is not one; what it holds is never said.
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
      throw invalidParameter(field, `line ${i + 1} is not NAME:scrypt$N$r$p$salt$hash`);
    if (byName.has(name)) throw invalidParameter(field, `line ${i + 1} names a user that an earlier line names`);
    byName.set(name, hash);
  }
  if (byName.size === 0) throw invalidParameter(field, "has no user at all");
  return { byName, decoy: decoyFor([...byName.values()]) };
}

const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** A list in a file, read again when that changed; looked at once a second at most. */
export class PasswordFile {
  readonly #file: string;
  #list: PasswordList | undefined;
  #version = "";
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<PasswordList> | undefined;

  private constructor(file: string) {
    this.#file = file;
  }

  /** Errors say why the list cannot be had: for whoever starts the server, not for callers. */
  static async open(file: string): Promise<PasswordFile> {
    const opened = new PasswordFile(file);
    await opened.#load();
    return opened;
  }

  /** UNAVAILABLE while the file cannot be read or has a line that makes no sense: a half-written list locks nobody in. */
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
      throw new AssetmillError("UNAVAILABLE", `the users in ${this.#file} cannot be read`, { cause: error });
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
