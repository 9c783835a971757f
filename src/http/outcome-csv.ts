import { stringify } from "csv-stringify/sync";
import type { ReportedOutcome } from "../core/asset/outcome.js";

const COLUMNS = [
  "path",
  "outcome",
  "code",
  "message",
  "handler",
  "attempts",
  "at",
] as const satisfies readonly (keyof ReportedOutcome)[];

/**
 * Outcomes as CSV (RFC 4180), with a header line. A cell that a spreadsheet would take for a formula gets a leading
 * quote: messages and names of files come from whoever wrote the assets.
 */
export async function* csvOf(pages: AsyncIterable<readonly ReportedOutcome[]>): AsyncGenerator<string, void> {
  let header = true;
  for await (const outcomes of pages) {
    yield stringify([...outcomes], {
      columns: [...COLUMNS],
      header,
      escape_formulas: true,
      record_delimiter: "windows",
      // The library quotes only where it sees the whole delimiter; a line break of either kind has to be quoted, too.
      quoted_match: /[\r\n]/,
    });
    header = false;
  }
}
