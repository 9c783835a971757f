import type { SaxesParser } from "saxes";

/**
 * What saxes collects a text for. It hands a text over as a whole: until its end, `text` grows in the parser, piece by
 * piece. So a reader that writes a document in chunks takes what is there after each chunk.
 */
export type Collecting =
  "text" | "character data" | "nothing that is read" | "attribute" | "doctype" | "something small";

/** The private state of saxes 6.0.0, which this project pins. */
interface Internals {
  text: string;
  readonly state: number;
  readonly stateTable: readonly (() => void)[];
}

const BY_STATE: Readonly<Record<string, Collecting>> = {
  sText: "text",
  sEntity: "text",
  sCData: "character data",
  sCDataEnding: "character data",
  sCDataEnding2: "character data",
  sComment: "nothing that is read",
  sCommentEnding: "nothing that is read",
  sCommentEnded: "nothing that is read",
  sPIBody: "nothing that is read",
  sPIEnding: "nothing that is read",
  sDoctype: "doctype",
  sDoctypeQuote: "doctype",
  sDTD: "doctype",
  sDTDQuoted: "doctype",
  sDTDOpenWaka: "doctype",
  sDTDOpenWakaBang: "doctype",
  sDTDComment: "doctype",
  sDTDCommentEnding: "doctype",
  sDTDCommentEnded: "doctype",
  sDTDPI: "doctype",
  sDTDPIEnding: "doctype",
};

/**
 * Takes the text that a parser has collected so far, says what for, and whether `mark` is in it. "something small" is
 * left with the parser. The search is not only for its answer: it makes one flat text of the pieces that saxes has
 * chained, which take many times the text's memory.
 */
export function takeCollected(
  parser: SaxesParser<{ xmlns: false }>,
  inTag: boolean,
  mark: string,
): { readonly text: string; readonly collecting: Collecting; readonly isMarked: boolean } {
  const inner = parser as unknown as Internals;
  const { text } = inner;
  const collecting = inTag ? "attribute" : (BY_STATE[inner.stateTable[inner.state]?.name ?? ""] ?? "something small");
  if (text === "" || collecting === "something small") return { text: "", collecting, isMarked: false };
  inner.text = "";
  return { text, collecting, isMarked: text.includes(mark) };
}
