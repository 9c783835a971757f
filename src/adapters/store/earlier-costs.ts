import { createHash } from "node:crypto";
import type { JobDraft } from "../../core/job/job.js";
import { costsLeftBy } from "../../core/job/cost.js";
import type { SqlTransaction } from "../sql/sql-database.js";
import { type Inherited, paceOf } from "./job-mapper.js";
import { JOB } from "./tables.js";

/** Reads what the last ended job of this kind left behind. What it costs does not depend on how many jobs there are. */
export async function inheritedBy(tx: SqlTransaction, { costKey, restartedFrom }: JobDraft): Promise<Inherited> {
  const key = costKey === undefined ? await keyOfJob(tx, restartedFrom) : hashOf(costKey);
  if (key === "") return { costKey: key };
  // As a range, and in the index's order: for "the latest with this key", PostgreSQL may walk back through all jobs.
  const [row] = await tx.query(
    `select pace from ${JOB} where cost_key >= ? and cost_key <= ? and cost_key <> ''
       and status in ('SUCCESS', 'FAILURE', 'CANCELLED')
     order by cost_key desc, sequence desc limit 1`,
    [key, key],
  );
  if (!row) return { costKey: key };
  const { types, earlier } = paceOf(String(row.pace));
  return { costKey: key, earlier: costsLeftBy(types, earlier) };
}

async function keyOfJob(tx: SqlTransaction, id: string | undefined): Promise<string> {
  if (id === undefined) return "";
  const [row] = await tx.query(`select cost_key from ${JOB} where id = ?`, [id]);
  return row ? String(row.cost_key) : "";
}

const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex").slice(0, 32);
