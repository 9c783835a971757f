import { isUtf8 } from "node:buffer";
import { type Dirent, readdirSync } from "node:fs";
import { readdir } from "node:fs/promises";

/** A name in a folder, as paths show it. No two in one folder are equal. */
export interface ListedName {
  readonly name: string;
  readonly isFolder: boolean;
  /** Set for a name that is not UTF-8: the only way to what bears it. */
  readonly bytes?: Buffer;
}

/** Lists a folder. Throws if it cannot be read. */
export async function listNames(folder: string): Promise<readonly ListedName[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (!entries.some(isDoubtful)) return entries.map(asIs);
  return fromBytes(await readdir(folder, { withFileTypes: true, encoding: "buffer" }));
}

/** Like `listNames`, at once. */
export function listNamesSync(folder: string): readonly ListedName[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  if (!entries.some(isDoubtful)) return entries.map(asIs);
  return fromBytes(readdirSync(folder, { withFileTypes: true, encoding: "buffer" }));
}

/** Whether a shown name may stand for one that is not UTF-8. */
export const mayShowBytes = (name: string): boolean => /\\x[89a-f][0-9a-f]/.test(name);

/** Shows a name with each byte that is not UTF-8 as `\xff`. */
export function shownName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  let shown = "";
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((n) => at + n <= bytes.length && isUtf8(bytes.subarray(at, at + n)));
    shown += length === undefined ? `\\x${hexOf(bytes[at])}` : bytes.toString("utf8", at, at + length);
    at += length ?? 1;
  }
  return shown;
}

/** Returns a shown name that no other one in its folder has: one that is taken gets more backslashes. */
export function untaken(shown: string, taken: ReadonlySet<string>): string {
  let name = shown;
  while (taken.has(name)) name = name.replace(/\\(?=x[89a-f][0-9a-f])/, "\\\\");
  return name;
}

/** Node's types leave out that entries may be read as bytes. */
type BufferEntry = Omit<Dirent, "name"> & { readonly name: Buffer };

/** Whether Node may have replaced bytes in a name. */
const isDoubtful = ({ name }: Dirent): boolean => name.includes("\ufffd");

const asIs = (entry: Dirent): ListedName => ({ name: entry.name, isFolder: entry.isDirectory() });

const hexOf = (byte = 0): string => byte.toString(16).padStart(2, "0");

function fromBytes(entries: readonly BufferEntry[]): readonly ListedName[] {
  const plain = entries.filter(({ name }) => isUtf8(name));
  const names = plain.map((entry): ListedName => ({ name: entry.name.toString(), isFolder: entry.isDirectory() }));
  const taken = new Set(names.map(({ name }) => name));
  // In an order of their own: each listing must show the same bytes by the same name.
  const others = entries.filter(({ name }) => !isUtf8(name)).sort((a, b) => Buffer.compare(a.name, b.name));
  for (const entry of others) {
    const name = untaken(shownName(entry.name), taken);
    taken.add(name);
    names.push({ name, isFolder: entry.isDirectory(), bytes: entry.name });
  }
  return names;
}
