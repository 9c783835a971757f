import { invalidParameter } from "../../core/errors.js";

/** Where to keep our tables in a database that others may share. */
export interface TablePlace {
  /** Prefix of every table and index name. @defaultValue `assetmill_` */
  readonly prefix?: string;
  /** Schema, for PostgreSQL only. @defaultValue the first of the connection's search path */
  readonly schema?: string;
}

const DEFAULT_PREFIX = "assetmill_";

/**
 * Compiles SQL as the adapters write it: `{job}` stands for the table of that name with schema and prefix,
 * `{index job_by_status}` for an index name, `?` for a parameter.
 */
export class SqlText {
  readonly prefix: string;
  readonly schema: string | undefined;
  readonly #numbered: boolean;
  readonly #compiled = new Map<string, string>();

  /** `numbered`: write parameters as `$1`, `$2` and so on. */
  constructor({ prefix = DEFAULT_PREFIX, schema }: TablePlace, numbered: boolean) {
    refuseName("prefix", prefix);
    if (schema !== undefined) refuseName("schema", schema);
    this.prefix = prefix;
    this.schema = schema;
    this.#numbered = numbered;
  }

  /** Returns the same string for the same text: drivers cache statements by it. */
  compile(sql: string): string {
    const known = this.#compiled.get(sql);
    if (known !== undefined) return known;
    let number = 0;
    const compiled = sql.replaceAll(/\{(index )?(\w+)\}|\?/g, (found, index: string | undefined, name: string) => {
      if (found === "?") return this.#numbered ? `$${++number}` : found;
      return index === undefined ? this.table(name) : `"${this.prefix}${name}"`;
    });
    // Statements with lists of varying length would fill the cache; a dropped one is simply compiled again.
    if (this.#compiled.size >= MAX_COMPILED) this.#compiled.clear();
    this.#compiled.set(sql, compiled);
    return compiled;
  }

  table(name: string): string {
    const own = `"${this.prefix}${name}"`;
    return this.schema === undefined ? own : `"${this.schema}".${own}`;
  }
}

const MAX_COMPILED = 1_000;
/** Names are inserted into SQL unescaped. With 40 characters before it, PostgreSQL still cuts none of ours, at 63 bytes. */
const NAME = /^[A-Za-z_]\w{0,39}$/;
/** What the databases keep for themselves, in any case. The same for both, so that a name that works goes on to. */
const RESERVED = { prefix: /^(?:sqlite_|pg_)/i, schema: /^(?:pg_|information_schema$)/i } as const;
const KEPT = {
  prefix: 'begin with "sqlite_" or "pg_"',
  schema: 'begin with "pg_" or be "information_schema"',
} as const;

function refuseName(field: keyof typeof RESERVED, value: string): void {
  const got = `got "${value.slice(0, 50)}"`;
  if (!NAME.test(value))
    throw invalidParameter(field, `must be at most 40 letters, digits and _, and not begin with a digit; ${got}`);
  if (RESERVED[field].test(value))
    throw invalidParameter(field, `must not ${KEPT[field]}, which the database reserves for itself; ${got}`);
}
