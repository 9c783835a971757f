import { AssetFailure } from "../../core/errors.js";

/** `line 12, column 5` of an offset in a text whose lines end in `\n`; both from 1, columns in Unicode characters. */
export function positionOf(text: string, offset: number): string {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) {
    line++;
    lineStart = at + 1;
  }
  const column = Array.from(text.slice(lineStart, offset)).length + 1;
  return `line ${line}, column ${column}`;
}

/** The failure of a document that is no XML, pointing at an offset in it. */
export const notWellFormed = (text: string, offset: number, reason: string): AssetFailure =>
  new AssetFailure("XML_NOT_WELL_FORMED", `${positionOf(text, offset)}: ${reason}`);
