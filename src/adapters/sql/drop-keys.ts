import type { MigrationTools } from "./migrations.js";

/**
 * Drops PostgreSQL's primary key or unique constraint of a table, whose name depends on the table's. Changed rows of a
 * table without a primary key can still be replicated, as whole rows.
 */
export async function dropKey({ query }: MigrationTools, table: string, kind: "primary" | "unique"): Promise<void> {
  const found = await query(
    `select conname from pg_constraint where conrelid = '${table}'::regclass and contype = '${kind === "primary" ? "p" : "u"}'`,
  );
  for (const { conname } of found) await query(`alter table ${table} drop constraint "${String(conname)}"`);
  if (kind === "primary") await query(`alter table ${table} replica identity full`);
}
