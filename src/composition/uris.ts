import { invalidParameter } from "../core/errors.js";
import { suggestion } from "../core/operator/unknown-name.js";

/** `folder:DIR[?mount=/path&hidden=true]`, parsed. */
export interface FolderUri {
  readonly kind: "folder";
  readonly folder: string;
  readonly mount?: string;
  readonly hidden?: boolean;
}

/** `sqlite:FILE[?driver=…&prefix=…]`, parsed. */
export interface SqliteUri {
  readonly kind: "sqlite";
  readonly file: string;
  readonly driver?: string;
  readonly prefix?: string;
}

/** `postgres://user:password@host:port/database[?schema=…&prefix=…]`, parsed. */
export interface PostgresUri {
  readonly kind: "postgres";
  /** Contains the driver's parameters, but not assetmill's. */
  readonly url: string;
  readonly schema?: string;
  readonly prefix?: string;
}

export type DatabaseUri = SqliteUri | PostgresUri;

/** A database that holds assets. `content`: the folder for their contents, if these are not in the database. */
export type DatabaseAssetsUri = DatabaseUri & { readonly content?: string };

/** `jcr+http(s)://user:password@host:port[/base][?dialect=…&root=…&status=…&connections=…]`, parsed. */
export interface JcrUri {
  readonly kind: "jcr";
  /** Without credentials. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  readonly dialect?: string;
  readonly root?: string;
  readonly status?: string;
  readonly connections?: string;
}

/** Where the assets live, parsed. */
export type AssetsUri = FolderUri | DatabaseAssetsUri | JcrUri;

/**
 * Parses a `folder:`, `sqlite:`, `postgres:`, `jcr+http:` or `jcr+https:` URI. A `?` in the name of a file or folder
 * must be written as `%3F`.
 */
export function parseAssetsUri(uri: string, field = "assets"): AssetsUri {
  if (uri.startsWith("folder:")) return parseFolder(uri, field);
  if (uri.startsWith("jcr+")) return parseJcr(uri, field);
  const database = parseDatabase(uri, field);
  if (!database) {
    const forms =
      "folder:DIR[?mount=/path], sqlite:FILE[?content=DIR], postgres://user:password@host/database or " + JCR_FORM;
    throw invalidParameter(field, `unknown URI ${shown(uri)}; expected ${forms}`);
  }
  const content = database.ours.get("content");
  return { ...database.uri, ...(content === null ? {} : { content }) };
}

/** Parses a `sqlite:FILE` or `postgres://…` URI. */
export function parseStoreUri(uri: string): DatabaseUri {
  const database = parseDatabase(uri, "store");
  if (database) return database.uri;
  throw invalidParameter(
    "store",
    `unknown URI ${shown(uri)}; expected sqlite:FILE or postgres://user:password@host/database`,
  );
}

/** Returns whether a URI names a database: jobs can then be stored together with the assets. */
export const isDatabaseUri = (uri: string): boolean => /^(?:sqlite|postgres|postgresql):/.test(uri);

const JCR_FORM = "jcr+http(s)://user:password@host:port[/base]";
const JCR_PARAMETERS = ["dialect", "root", "status", "connections"] as const;

function parseJcr(uri: string, field: string): JcrUri {
  const address = uri.slice("jcr+".length);
  const url = /^https?:\/\//.test(address) && URL.canParse(address) ? new URL(address) : undefined;
  if (!url || url.hostname === "" || url.hash !== "")
    throw invalidParameter(field, `invalid URI ${shown(uri)}; expected ${JCR_FORM}`);
  const query = parametersOf(url.search);
  refuseOthers(query, JCR_PARAMETERS, "jcr+http:", field);
  const user = decoded(url.username, field);
  const password = decoded(url.password, field);
  return {
    kind: "jcr",
    url: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    ...(user === "" ? {} : { user }),
    ...(password === "" ? {} : { password }),
    ...given(query, JCR_PARAMETERS),
  };
}

/** Decodes a part of a URI. The error does not show it, because it may contain a password. */
function decoded(text: string, field: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidParameter(field, "user or password contains a % that is not an escape; write it as %25");
  }
}

function parseFolder(uri: string, field: string): FolderUri {
  const match = /^folder:([^?]+)(?:\?(.*))?$/s.exec(uri);
  if (!match?.[1]) throw invalidParameter(field, `invalid URI ${shown(uri)}; expected folder:DIR[?mount=/path]`);
  const query = parametersOf(match[2] ?? "");
  refuseOthers(query, ["mount", "hidden"], "folder:", field);
  const [mount, hidden] = [query.get("mount"), query.get("hidden")];
  if (hidden !== null && hidden !== "true" && hidden !== "false")
    throw invalidParameter(field, `hidden must be true or false, not ${JSON.stringify(hidden)}`);
  return {
    kind: "folder",
    folder: fileName(match[1]),
    ...(mount === null ? {} : { mount }),
    ...(hidden === null ? {} : { hidden: hidden === "true" }),
  };
}

interface ParsedDatabase {
  readonly uri: DatabaseUri;
  /** Assetmill's own parameters. */
  readonly ours: URLSearchParams;
}

/** Accepts the parameters of assets for a store, too, so that the same URI can be used for both. */
function parseDatabase(uri: string, field: string): ParsedDatabase | undefined {
  const file = /^sqlite:(?:\/\/(?=\/))?([^?]+)(?:\?(.*))?$/s.exec(uri);
  if (file?.[1]) {
    const query = parametersOf(file[2] ?? "");
    refuseOthers(query, ["driver", "prefix", "content"], "sqlite:", field);
    refuseEmptyContent(query, field);
    if (/^\/*:memory:$/.test(file[1]))
      throw invalidParameter(field, "sqlite::memory: would not outlive the process; name a file");
    return { uri: { kind: "sqlite", file: fileName(file[1]), ...given(query, ["driver", "prefix"]) }, ours: query };
  }
  return /^postgres(?:ql)?:\/\//.test(uri) ? parsePostgres(uri, field) : undefined;
}

function parsePostgres(uri: string, field: string): ParsedDatabase {
  let url: URL;
  try {
    url = new URL(uri);
  } catch {
    throw invalidParameter(field, `invalid URI ${shown(uri)}; expected postgres://user:password@host:port/database`);
  }
  // The rest of a password with an unescaped character ends up there.
  if (url.hash !== "" || url.pathname.slice(1).includes("/"))
    throw invalidParameter(
      field,
      `${shown(uri)} contains an unescaped character: write %23 for #, %2F for /, %3F for ?, %40 for @`,
    );
  if (url.hostname === "" || url.pathname.length < 2)
    throw invalidParameter(
      field,
      `${shown(uri)} lacks a host or a database; expected postgres://user:password@host/database`,
    );
  const ours = parametersOf(url.search);
  refuseOthers(ours, ["schema", "prefix", "content", ...DRIVER_PARAMETERS], "postgres:", field);
  refuseEmptyContent(ours, field);
  for (const name of ["schema", "prefix", "content"]) url.searchParams.delete(name);
  return { uri: { kind: "postgres", url: url.toString(), ...given(ours, ["schema", "prefix"]) }, ours };
}

/** Parameters that the `pg` driver reads from a URI. */
const DRIVER_PARAMETERS = [
  "sslmode",
  "sslcert",
  "sslkey",
  "sslrootcert",
  "uselibpqcompat",
  "application_name",
  "fallback_application_name",
  "connect_timeout",
  "options",
  "client_encoding",
];

/** Parses parameters. A `+` stands for itself, as in the rest of a URI; a blank is written as it is, or as `%20`. */
const parametersOf = (text: string): URLSearchParams => new URLSearchParams(text.replaceAll("+", "%2B"));

function refuseOthers(query: URLSearchParams, known: readonly string[], scheme: string, field: string): void {
  for (const name of query.keys()) {
    if (!known.includes(name)) {
      const message = `unknown parameter ${name} of ${scheme}${suggestion(name, known)}`;
      throw invalidParameter(field, `${message}; known parameters are ${known.join(", ")}`);
    }
    if (query.getAll(name).length > 1) throw invalidParameter(field, `parameter ${name} of ${scheme} is given twice`);
  }
}

function refuseEmptyContent(query: URLSearchParams, field: string): void {
  if (query.get("content")?.trim() === "")
    throw invalidParameter(field, "content must name a folder; without it, contents are kept in the database");
}

function given<K extends string>(query: URLSearchParams, names: readonly K[]): Partial<Record<K, string>> {
  const pairs = names.flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return Object.fromEntries(pairs) as Partial<Record<K, string>>;
}

const fileName = (text: string): string => text.replaceAll(/%3F/gi, "?");

/** Removes the password from a URI, for people and logs; user and host stay. */
export const withoutPassword = (uri: string): string => uri.replace(/(:\/\/[^/:@]*):.*@/, "$1:…@");

/** Formats a URI for a message, without anything that might be a password. */
const shown = (uri: string): string => JSON.stringify(uri.replace(/\/\/.*@/, "//…@").slice(0, 200));
