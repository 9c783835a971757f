/** Rows of a part of the key order: a condition, which may take one parameter, and the expression that orders them. */
export interface StemSql {
  /** Takes the stem's hash as its parameter; undefined for the empty stem, which takes none. */
  readonly where: string | undefined;
  /** What follows the stem, as far as an index holds it. */
  readonly head: string;
}

/**
 * SQL to find sort keys and paths by index. A path may have 4,096 bytes, so its key up to 8,192; PostgreSQL's indexes
 * take no more than 2,704. There an index holds the head of a key; whole keys are told apart by a hash, and the order
 * of keys that share a head comes from further indexes, over what follows it.
 */
export interface KeySql {
  /** Bytes of a key that an index holds. */
  readonly headBytes: number;
  /** The head of a key: in key order, keys longer than `headBytes` apart. */
  readonly head: (column: string) => string;
  /** Columns of an index that is unique for each key, for `create index` and `on conflict`. */
  readonly identity: (column: string) => string;
  /** Condition that two keys are equal. */
  readonly same: (a: string, b: string) => string;
  /** Something as good as the key for finding it, of fixed length if keys do not fit. */
  readonly hash: (column: string) => string;
  /** A path with no more characters is the key of its result. */
  readonly pathChars: number;
  /** The key of a result: its path, or a head and a hash of one that no index holds. */
  readonly pathKey: (path: string) => string;
  /** The path if it is not its own key, else null. */
  readonly longPath: (path: string) => string;
  /** What the keys of a path and of all that is below it begin with. Not SQL. */
  readonly pathHead: (path: string) => string;
  /** Like `identity`, for a text: an identity, names and versions of handlers. */
  readonly pathIdentity: (column: string) => string;
  /** Like `same`, for such texts. */
  readonly samePath: (a: string, b: string) => string;
  /**
   * Joins a table's row, if there is one, that meets a condition on a unique index; `lock` is appended to its select.
   * It is looked up for each row before, whatever the statistics say or lack: just after an import, any other plan
   * looks as cheap to PostgreSQL, and reads the whole table. SQLite, which has none, would rather read all results of a
   * repository for each of the paths.
   */
  readonly joinOne: (table: string, alias: string, condition: string, lock?: string) => string;
  /** Columns to sort keys by. */
  readonly order: (column: string, direction: "asc" | "desc") => string;
  /** Keys that begin with a stem of so many bytes, a multiple of `headBytes`. */
  readonly below: (stemBytes: number) => StemSql;
}

const itself = (column: string): string => column;
const equal = (a: string, b: string): string => `${a} = ${b}`;

/** SQLite indexes keys of any length. */
export const sqliteKeys: KeySql = {
  headBytes: Number.POSITIVE_INFINITY,
  head: itself,
  identity: itself,
  same: equal,
  hash: itself,
  pathChars: Number.POSITIVE_INFINITY,
  pathKey: itself,
  longPath: () => "null",
  pathHead: itself,
  pathIdentity: itself,
  samePath: equal,
  // Only a cross join is never reordered.
  joinOne: (table, alias, condition) => `cross join ${table} ${alias} on ${condition}`,
  order: (column, direction) => `${column} ${direction}`,
  below: () => ({ where: undefined, head: "key" }),
};

/** With a hash, a number and a short text beside it still less than 2,704 bytes. */
const HEAD_BYTES = 2_048;
/** So many characters have at most as many bytes as a head. */
const HEAD_CHARS = HEAD_BYTES / 4;

const keyHead = (column: string): string => `substr(${column}, 1, ${HEAD_BYTES})`;
/** Tells keys with the same head apart; the same for all keys that are no longer than their head. */
const keyTail = (column: string): string =>
  `(case when length(${column}) > ${HEAD_BYTES} then sha256(${column}) else ''::bytea end)`;

/** A path with more characters is not its own key. No path has two slashes in a row, so no other path is its key. */
const KEY_CHARS = HEAD_CHARS - 64;
const pathKey = (path: string): string =>
  `(case when length(${path}) > ${KEY_CHARS}
     then left(${path}, ${KEY_CHARS}) || '//' || encode(sha256(convert_to(${path}, 'UTF8')), 'hex') else ${path} end)`;

const pathHead = (column: string): string => `left(${column}, ${HEAD_CHARS})`;
// A text becomes bytes by a cast, in which a backslash must be doubled: convert_to depends on settings, which indexes do not
// allow.
const pathTail = (column: string): string =>
  `(case when length(${column}) > ${HEAD_CHARS}
     then sha256(cast(replace(${column}, chr(92), repeat(chr(92), 2)) as bytea)) else ''::bytea end)`;

export const postgresKeys: KeySql = {
  headBytes: HEAD_BYTES,
  head: keyHead,
  identity: (column) => `${keyHead(column)}, ${keyTail(column)}`,
  same: (a, b) => `${keyHead(a)} = ${keyHead(b)} and ${keyTail(a)} = ${keyTail(b)} and ${a} = ${b}`,
  hash: (column) => `sha256(${column})`,
  pathChars: KEY_CHARS,
  pathKey,
  longPath: (path) => `(case when length(${path}) > ${KEY_CHARS} then ${path} end)`,
  pathHead: (path) => (path.length > KEY_CHARS ? [...path].slice(0, KEY_CHARS).join("") : path),
  pathIdentity: (column) => `${pathHead(column)}, ${pathTail(column)}`,
  samePath: (a, b) => `${pathHead(a)} = ${pathHead(b)} and ${pathTail(a)} = ${pathTail(b)} and ${a} = ${b}`,
  joinOne: (table, alias, condition, lock = "") =>
    `cross join lateral (select * from ${table} ${alias} where ${condition} limit 1 ${lock}) as ${alias}`,
  order: (column, direction) => `${keyHead(column)} ${direction}, ${column} ${direction}`,
  below: (stemBytes) =>
    stemBytes === 0
      ? { where: undefined, head: keyHead("key") }
      : {
          where: `length(key) >= ${stemBytes} and sha256(substr(key, 1, ${stemBytes})) = ?`,
          head: `substr(key, ${stemBytes + 1}, ${HEAD_BYTES})`,
        },
};
