import { AssetFailure } from "../../core/errors.js";

/** Formats an offset as `line 12, column 5`. Lines end in `\n`; both count from 1, columns in Unicode characters. */
function positionOf(text: string, offset: number): string {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return `line ${line}, column ${charactersIn(text, lineStart, offset) + 1}`;
}

/** Counts Unicode characters without copying the text: a line may be the whole file. */
function charactersIn(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; count++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return count;
}

/** Returns the failure of an ill-formed document, with the position of an offset. */
export const notWellFormed = (text: string, offset: number, reason: string): AssetFailure =>
  new AssetFailure("XML_NOT_WELL_FORMED", `${positionOf(text, offset)}: ${reason}`);
