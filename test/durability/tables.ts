import pg from "pg";
import { packText } from "../../src/adapters/sql/packed.js";
import type { Place } from "./place.js";
import { type Sqlite, SqliteFile } from "./sqlite-file.js";

const BLOCK_LINES = 50;
const BLOCKS_AT_ONCE = 1_000;

type Value = string | number | Buffer;

/** The store's tables, past the product: for what no user could wait for, and for looks that must not disturb it. */
export class Tables {
  readonly #sqlite: Sqlite | undefined;
  readonly #postgres: pg.Client | undefined;

  private constructor(sqlite: Sqlite | undefined, postgres: pg.Client | undefined) {
    this.#sqlite = sqlite;
    this.#postgres = postgres;
  }

  static async open({ store }: Pick<Place, "store">): Promise<Tables> {
    if (store.startsWith("sqlite:"))
      return new Tables(
        new SqliteFile(store.slice("sqlite:".length).replace(/\?.*$/, ""), { timeout: 30_000 }),
        undefined,
      );
    const client = new pg.Client({ connectionString: store });
    await client.connect();
    return new Tables(undefined, client);
  }

  async close(): Promise<void> {
    this.#sqlite?.close();
    await this.#postgres?.end();
  }

  /** `?` stands for a parameter. */
  async query(sql: string, parameters: readonly Value[] = []): Promise<readonly any[]> {
    if (this.#sqlite) {
      const statement = this.#sqlite.prepare(sql);
      if (statement.reader) return statement.all(parameters);
      statement.run(parameters);
      return [];
    }
    let number = 0;
    const numbered = sql.replaceAll("?", () => `$${++number}`);
    return (await this.#postgres?.query(numbered, [...parameters]))?.rows ?? [];
  }

  /** As an ended job is, with a log of so many lines, each of which says which it is. */
  async addJob(like: string, id: string, lines: number): Promise<void> {
    const columns = await this.#columns("assetmill_job");
    const values = columns.map((name) => (name === "id" || name === "log_lines" ? "?" : name)).join(", ");
    const parameters = columns.flatMap((name): Value[] => (name === "id" ? [id] : name === "log_lines" ? [lines] : []));
    await this.query(
      `insert into assetmill_job (${columns.join(", ")}) select ${values} from assetmill_job where id = ?`,
      [...parameters, like],
    );
    for (let first = 0; first < lines; first += BLOCK_LINES * BLOCKS_AT_ONCE) await this.#addBlocks(id, first, lines);
  }

  /** All but the one that the database counts itself. */
  async #columns(table: string): Promise<readonly string[]> {
    const rows = this.#sqlite
      ? await this.query(`select name from pragma_table_info(?)`, [table])
      : await this.query(`select column_name as name from information_schema.columns where table_name = ?`, [table]);
    return rows.map(({ name }) => String(name)).filter((name) => name !== "sequence");
  }

  async #addBlocks(id: string, from: number, lines: number): Promise<void> {
    const to = Math.min(lines, from + BLOCK_LINES * BLOCKS_AT_ONCE);
    const rows: [string, number, number, Buffer][] = [];
    for (let first = from; first < to; first += BLOCK_LINES) {
      const count = Math.min(BLOCK_LINES, to - first);
      const text = Array.from({ length: count }, (_, i) => lineOf(id, first + i)).join("\n");
      rows.push([id, first, count, packText(text)]);
    }
    const insert = "insert into assetmill_log_block (job_id, first_line, lines, text)";
    if (this.#sqlite) {
      const statement = this.#sqlite.prepare(`${insert} values (?, ?, ?, ?)`);
      this.#sqlite.transaction(() => rows.forEach((row) => statement.run(row)))();
      return;
    }
    await this.#postgres?.query(
      `${insert} select * from unnest($1::text[], $2::int[], $3::int[], $4::bytea[])`,
      [0, 1, 2, 3].map((column) => rows.map((row) => row[column] ?? null)),
    );
  }
}

/** What a line of an added job's log says. */
export const lineOf = (id: string, line: number): string =>
  `2026-01-01 00:00:00:000: ERROR: [ASSET_PROCESSING] Failed /content/dam/other/${id}/a${line}.dita: SCRIPTED as told`;
