import type { Migration, MigrationTools } from "../../sql/index.js";
import { listedText, parseRequest } from "../job-mapper.js";
import { JOB } from "../tables.js";

/** A request that is shorter costs a list no more than what it would be cut to. */
const LARGE_BYTES = 16 * 1024;

/** Adds what lists show of requests with long lists of paths, and fills it in for the large ones that are there. */
export class ListedRequests1796083200061 implements Migration {
  readonly name = "ListedRequests1796083200061";

  async up({ query }: MigrationTools): Promise<void> {
    await query(`alter table ${JOB} add column listed text`);
    // One at a time: all of them may be more than the memory holds.
    for (const { id } of await query(`select id from ${JOB} where octet_length(request) > ${LARGE_BYTES}`)) {
      const [row] = await query(`select request from ${JOB} where id = ?`, [id]);
      const request = row && parseRequest(String(row.request));
      const listed = request ? listedText(request) : null;
      if (listed !== null) await query(`update ${JOB} set listed = ? where id = ?`, [listed, id]);
    }
  }
}
