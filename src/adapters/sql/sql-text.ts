import { invalidParameter } from "../../core/errors.js";

/** Where our tables stand in a database that others may use, too. */
export interface TablePlace {
  /** @defaultValue `assetmill_` */
  readonly prefix?: string;
  /** PostgreSQL's. @defaultValue the first of the connection's search path */
  readonly schema?: string;
}

const DEFAULT_PREFIX = "assetmill_";

/**
 * SQL as the adapters write it: `{job}` is the table of that name in its place, `{index job_by_status}` the name of an
 * index, `?` a parameter.
 */
export class SqlText {
  readonly prefix: string;
  readonly schema: string | undefined;
  readonly #numbered: boolean;
  readonly #compiled = new Map<string, string>();

  /** `numbered`: parameters are written `$1`, `$2` and so on. */
  constructor({ prefix = DEFAULT_PREFIX, schema }: TablePlace, numbered: boolean) {
    for (const [field, value] of Object.entries({ prefix, schema })) {
      if (value !== undefined && !NAME.test(value))
        throw invalidParameter(field, "must be at most 40 letters, digits and _, and not begin with a digit");
    }
    this.prefix = prefix;
    this.schema = schema;
    this.#numbered = numbered;
  }

  /** The same text gives the same string: drivers know a statement by it. */
  compile(sql: string): string {
    const known = this.#compiled.get(sql);
    if (known !== undefined) return known;
    let number = 0;
    const compiled = sql.replaceAll(/\{(index )?(\w+)\}|\?/g, (found, index: string | undefined, name: string) => {
      if (found === "?") return this.#numbered ? `$${++number}` : found;
      return index === undefined ? this.table(name) : `"${this.prefix}${name}"`;
    });
    // Lists of rows of every length would fill it; what is forgotten is only compiled again.
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
/** Names stand in SQL as they are. */
const NAME = /^[A-Za-z_]\w{0,39}$/;
