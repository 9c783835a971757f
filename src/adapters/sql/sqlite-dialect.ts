import { sqliteKeys } from "./key-sql.js";
import type { ColumnKind, SqlDialect } from "./sql-dialect.js";

const column = (name: string, kind: ColumnKind): string =>
  kind === "bytes" ? `unhex(value ->> '${name}') as ${name}` : `value ->> '${name}' as ${name}`;

/** SQLite 3.43 and newer. */
export const sqliteDialect: SqlDialect = {
  name: "sqlite",
  now: "cast(unixepoch('subsec') * 1000 as integer)",
  list: () => "(select value from json_each(?))",
  rows: (columns) =>
    `(select ${Object.entries(columns)
      .map(([name, kind]) => column(name, kind))
      .join(", ")} from json_each(?))`,
  jsonList: (column) => `json_group_array(${column})`,
  entries: (name, value) => `(select key as ${name}, value as ${value} from json_each(?))`,
  contains: (text) => `instr(${text}, ?) > 0`,
  forUpdate: "",
  forShare: "",
  forUpdateSkipLocked: "",
  byIndex: (name) => `indexed by {index ${name}}`,
  keys: sqliteKeys,
  ddl: {
    bytes: "blob",
    big: "integer",
    inBinaryOrder: "",
    autoincrement: "integer primary key autoincrement",
    clustered: "without rowid",
    oftenUpdated: "without rowid",
  },
};
