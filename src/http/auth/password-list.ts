import { readFile, stat } from "node:fs/promises";
import { AssetmillError, invalidParameter, messageOf } from "../../core/errors.js";
import { Outage } from "./outage.js";
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
    if (raw.includes("\uFFFD")) throw invalidParameter(field, `line ${i + 1} is not UTF-8`);
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

/**
 * A password list in a file. Checks the file for changes at most once a second. While it cannot be read or is invalid,
 * nobody is let in: the list before may hold somebody who was to be shut out.
 */
export class PasswordFile {
  readonly #file: string;
  readonly #outage = new Outage("INTERNAL", "The list of users cannot be read. Somebody has to mend it on the server.");
  #list: PasswordList | undefined;
  /** Why the version that was read last is no list. */
  #fault: Error | undefined;
  #version = "";
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<PasswordList> | undefined;

  private constructor(file: string) {
    this.#file = file;
  }

  /**
   * Reads the file. Throws INVALID_PARAMETER naming file and line, or why the file cannot be read: for the operator who
   * starts the server, not for callers.
   */
  static async open(file: string): Promise<PasswordFile> {
    const opened = new PasswordFile(file);
    await opened.#load();
    return opened;
  }

  /** Returns the current list. Throws INTERNAL, which callers get without file and line, while there is none. */
  async list(): Promise<PasswordList> {
    if (this.#list && performance.now() - this.#lookedAtMs < 1_000) return this.#list;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<PasswordList> {
    try {
      const list = await this.#load();
      this.#outage.over();
      return list;
    } catch (error) {
      this.#list = undefined;
      throw this.#outage.because(`cannot read the list of users: ${messageOf(error)}`, error);
    }
  }

  async #load(): Promise<PasswordList> {
    const { mtimeMs, ctimeMs, size, ino } = await stat(this.#file);
    const version = [mtimeMs, ctimeMs, size, ino].join(" ");
    if (!this.#list || version !== this.#version) {
      // An invalid file is parsed once: each caller would cause it otherwise.
      if (this.#fault && version === this.#version) throw this.#fault;
      this.#fault = undefined;
      const text = size <= MAX_FILE_BYTES ? await readFile(this.#file, "utf8") : undefined;
      this.#version = version;
      this.#list = this.#parsed(text);
    }
    this.#lookedAtMs = performance.now();
    return this.#list;
  }

  /** `text`: undefined if the file is too large. */
  #parsed(text: string | undefined): PasswordList {
    try {
      if (text === undefined) throw invalidParameter("users", `is larger than ${MAX_FILE_BYTES} bytes`);
      return parsePasswordList(text.replace(/^\uFEFF/, "").split("\n"));
    } catch (error) {
      if (AssetmillError.is(error)) this.#fault = inFile(this.#file, error);
      throw this.#fault ?? error;
    }
  }
}

/** Names the file before what is wrong in it. */
const inFile = (file: string, error: AssetmillError): AssetmillError => {
  const message = `${file}: ${error.fields[0]?.message ?? error.message}`;
  return new AssetmillError("INVALID_PARAMETER", message, { ids: error.ids, fields: [{ field: "users", message }] });
};
