import { invalidParameter } from "./core/errors.js";

/** Where the assets live, parsed. */
export interface FolderUri {
  readonly kind: "folder";
  readonly folder: string;
  readonly mount?: string;
}

/** Where the jobs live, parsed. */
export interface SqliteUri {
  readonly kind: "sqlite";
  readonly file: string;
}

/** `folder:DIR[?mount=/path]`. A `?` in a folder's name is written `%3F`; other characters stand for themselves. */
export function parseAssetsUri(uri: string): FolderUri {
  const match = /^folder:([^?]+)(?:\?(.*))?$/s.exec(uri);
  if (!match?.[1]) throw invalidParameter("assets", `${shown(uri)} is not folder:DIR[?mount=/path]`);
  const query = new URLSearchParams(match[2] ?? "");
  for (const name of query.keys()) {
    if (name !== "mount") throw invalidParameter("assets", `${name} is not a parameter of folder:; mount is`);
  }
  const mount = query.get("mount");
  return { kind: "folder", folder: match[1].replaceAll(/%3F/gi, "?"), ...(mount === null ? {} : { mount }) };
}

/** `sqlite:FILE`. */
export function parseStoreUri(uri: string): SqliteUri {
  const match = /^sqlite:(?:\/\/(?=\/))?(.+)$/s.exec(uri);
  if (!match?.[1]) throw invalidParameter("store", `${shown(uri)} is not sqlite:FILE`);
  return { kind: "sqlite", file: match[1] };
}

/** A URI without what might be a password in it. */
const shown = (uri: string): string => JSON.stringify(uri.replace(/\/\/[^/@]*@/, "//…@").slice(0, 200));
