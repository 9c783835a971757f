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
 * Renders outcomes as CSV (RFC 4180) with a header line. A cell that a spreadsheet would evaluate as a formula gets a
 * leading quote: file names and messages come from untrusted authors.
 */
export async function* csvOf(pages: AsyncIterable<readonly ReportedOutcome[]>): AsyncGenerator<string, void> {
  let header = true;
  for await (const outcomes of pages) {
    yield stringify([...outcomes], {
      columns: [...COLUMNS],
      header,
      escape_formulas: true,
      record_delimiter: "windows",
      // The library quotes a cell only if it contains the whole delimiter; a lone CR or LF needs quotes, too.
      quoted_match: /[\r\n]/,
    });
    header = false;
  }
}
