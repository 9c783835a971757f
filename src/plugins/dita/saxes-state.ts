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
  readonly chunk: string;
  readonly currentXMLVersion: string;
  readonly textHandler: unknown;
  i: number;
  /** 0: the text before does not end in `]`. */
  readonly forbiddenState: number;
  handleTextInRoot: (this: Internals) => void;
}

/** What text may contain that is more than itself, or may not contain. */
const NOT_PLAIN = /[^\t\n\x20-\x25\x27-\x5c\x5e-\ud7ff\ue000-\ufffd]/g;

/**
 * Has a parser class pass over plain text that nobody listens to in one step, up to the next tag: it looks at each
 * character otherwise, which takes a third of the time of a document. Returns a function to call after each document:
 * what is remembered of its last chunk would keep the whole of it in memory.
 */
export function passOverText(parser: { readonly prototype: object }): () => void {
  const prototype = parser.prototype as Internals;
  const { handleTextInRoot } = prototype;
  let chunk = "";
  // Each holds for positions in the chunk from `from` to `until`, so that no character is looked at twice.
  const plain = { from: 0, until: -1 };
  const tag = { from: 0, until: -1 };
  prototype.handleTextInRoot = function (this: Internals): void {
    if (this.textHandler === undefined && this.forbiddenState === 0 && this.currentXMLVersion === "1.0") {
      const { i } = this;
      if (this.chunk !== chunk) {
        chunk = this.chunk;
        plain.until = tag.until = -1;
      }
      if (i < plain.from || i > plain.until) {
        plain.from = NOT_PLAIN.lastIndex = i;
        plain.until = NOT_PLAIN.test(chunk) ? NOT_PLAIN.lastIndex - 1 : chunk.length;
      }
      if (i < tag.from || i > tag.until) {
        tag.from = i;
        const at = chunk.indexOf("<", i);
        tag.until = at < 0 ? chunk.length : at;
      }
      if (tag.until < plain.until) this.i = tag.until;
    }
    handleTextInRoot.call(this);
  };
  return () => {
    chunk = "";
    // JavaScript remembers the text of the last match, for `RegExp.input`.
    /^/.test("");
  };
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
