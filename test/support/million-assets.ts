import type { SqlDatabase } from "../../src/adapters/sql/index.js";
import { pathKey } from "../../src/adapters/sql/path-key.js";

/** Where they lie: `/big/f012/a012345.dita`, a thousand a folder. */
export const BIG = "/big";

const hex = (text: string): string => pathKey(text).toString("hex");

/** So many assets, by one statement: rows as an import makes them, without content. `total` is below a million and one. */
export async function insertAssets(database: SqlDatabase, total: number): Promise<void> {
  const sqlite = database.dialect.name === "sqlite";
  const digit = (i: number): string => `'003' || substr(s, ${i}, 1)`;
  const digits = (from: number, to: number): string =>
    Array.from({ length: to - from + 1 }, (_, i) => digit(from + i)).join(" || ");
  const key = `'${hex(`${BIG}/f`)}' || ${digits(1, 3)} || '${hex("/a")}' || ${digits(1, 6)} || '${hex(".dita")}'`;
  const numbers = sqlite
    ? `with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ${total})
       select i, printf('%06d', i) as s from n`
    : `select i, lpad(cast(i as text), 6, '0') as s from generate_series(0, ${total - 1}) as i`;
  await database.write((tx) =>
    tx.query(`
      insert into {asset} (key, path, file_type, size_bytes, created_ms, modified_ms, content_hash)
      select ${sqlite ? `unhex(${key})` : `decode(${key}, 'hex')`}, '${BIG}/f' || substr(s, 1, 3) || '/a' || s || '.dita',
        case when i % 1000 = 7 then 'DITAMAP' else 'DITATOPIC' end, 1000, 1000000 + i, 2000000 + i, 'sha256:' || s
      from (${numbers}) as t`),
  );
}

export const pathOfAsset = (i: number): string => {
  const s = String(i).padStart(6, "0");
  return `${BIG}/f${s.slice(0, 3)}/a${s}.dita`;
};
