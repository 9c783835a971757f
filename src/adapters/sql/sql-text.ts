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
    for (const [field, value] of Object.entries({ prefix, schema })) {
      if (value !== undefined && !NAME.test(value))
        throw invalidParameter(
          field,
          `must be at most 40 letters, digits and _, and not begin with a digit; got "${value.slice(0, 50)}"`,
        );
    }
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
/** Names are inserted into SQL unescaped. */
const NAME = /^[A-Za-z_]\w{0,39}$/;
