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

/** What a spreadsheet evaluates as a formula, at once or after it has removed white space; fullwidth signs included. */
const FORMULA = /^(?:[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])/;

const defused = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

/**
 * Renders outcomes as CSV (RFC 4180) for spreadsheets: with a UTF-8 mark, without which Excel reads another encoding, a
 * header line, and times in ISO 8601. A cell that a spreadsheet would evaluate as a formula gets a leading quote: file
 * names and messages come from untrusted authors.
 */
export async function* csvOf(pages: AsyncIterable<readonly ReportedOutcome[]>): AsyncGenerator<string, void> {
  let first = true;
  for await (const outcomes of pages) {
    const rows = outcomes.map((outcome) => ({ ...outcome, at: new Date(outcome.at).toISOString() }));
    yield stringify(rows, {
      bom: first,
      columns: [...COLUMNS],
      header: first,
      cast: { string: defused },
      record_delimiter: "windows",
      // The library quotes a cell only if it contains a comma, a quote or the whole line end. A lone CR or LF needs quotes,
      // too, and so does what some spreadsheets take for the delimiter.
      quoted_match: /[\r\n;\t]/,
    });
    first = false;
  }
}
