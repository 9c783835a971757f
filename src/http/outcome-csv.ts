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
const SIGN = String.raw`[=+\-@\uff1d\uff0b\uff0d\uff20]`;
/** Characters that end a cell in a spreadsheet which separates cells by them. */
const SEPARATORS = String.raw`;\t\r\n`;
/**
 * Where a spreadsheet may see the beginning of a formula: at the beginning of our cell, or behind what it takes for a
 * separator. Where it separates by `;`, as it does wherever the comma is the decimal sign, quotes amid a line are no
 * quotes, and so they hold nothing together.
 */
const FORMULA = new RegExp(`^(?=[\t\r\n]|\\s*${SIGN})|(?<=[${SEPARATORS}])(?=[^\\S\t\r\n]*${SIGN})`, "g");

const defused = (text: string): string => text.replace(FORMULA, "'");

export interface CsvOptions {
  /** Whether to begin with the UTF-8 mark. @defaultValue true */
  readonly bom?: boolean;
}

/**
 * Renders outcomes as CSV (RFC 4180) for spreadsheets: with a UTF-8 mark, without which Excel reads another encoding, a
 * header line, and times in ISO 8601. What a spreadsheet would evaluate as a formula gets a quote before it: file names
 * and messages come from untrusted authors. `bom: false` leaves out the mark, for programs that take it for text.
 */
export async function* csvOf(
  pages: AsyncIterable<readonly ReportedOutcome[]>,
  { bom = true }: CsvOptions = {},
): AsyncGenerator<string, void> {
  let first = true;
  for await (const outcomes of pages) {
    const rows = outcomes.map((outcome) => ({ ...outcome, at: new Date(outcome.at).toISOString() }));
    yield stringify(rows, {
      bom: first && bom,
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
