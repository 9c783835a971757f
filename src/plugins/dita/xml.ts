import { SaxesParser, type SaxesTagPlain } from "saxes";
import { WarningList } from "../../core/asset/warning-list.js";
import { AssetFailure, messageOf } from "../../core/errors.js";
import { explainParseError, type ParserState } from "./explain-parse-error.js";
import { scanDoctype } from "./doctype.js";
import { Entities } from "./entities.js";
import { LIMITS } from "./limits.js";
import { notWellFormed } from "./position.js";
import { passOverText, takeCollected } from "./saxes-state.js";
import { CHUNK, XmlText } from "./xml-text.js";

export type Attributes = Readonly<Record<string, string>>;

/** Receives a document's events in document order. After a failure, discard what it received. */
export interface XmlSink {
  /**
   * Checked after each `open` and `close`, and now and then within a long text: unwanted text costs time, and is not
   * delivered.
   */
  readonly wantsText: boolean;
  open(name: string, attributes: Attributes): void;
  close(): void;
  /** May be called several times for one text. */
  text(text: string): void;
}

/** Creates the failure for an offset in a passage. */
type Report = (offset: number, reason: string) => AssetFailure;

/** State shared by all passages of a document. */
interface Shared {
  readonly sink: XmlSink;
  readonly entities: Entities;
  depth: number;
}

const shown = (count: number): string => count.toLocaleString("en-US");

/**
 * Reads a whole document into `sink`, with warnings. Throws only AssetFailure: XML_NOT_WELL_FORMED with the position
 * of the error, XML_ENTITY_LIMIT, XML_DEPTH_LIMIT, XML_ATTRIBUTE_LIMIT, or the sink's own. The work grows linearly with the
 * document, and no text is collected that the sink does not want. Opens no files and no connections. Expands entities of
 * the internal subset. Markup in an entity is read as if it were written in place, but its elements must be balanced.
 */
export function readXml(source: string, sink: XmlSink, warnings: WarningList): void {
  const text = new XmlText(source);
  const report: Report = (offset, reason) => notWellFormed(text.whole, offset, reason);
  if (source.trim() === "") throw report(0, "the file is empty");
  const passage = idle ?? new Passage(false);
  // After a failure it is not used again: nobody knows how far it came.
  idle = undefined;
  try {
    passage.read(text, { sink, entities: new Entities(warnings), depth: 0 }, report);
  } finally {
    forgetChunk();
  }
  idle = passage;
}

// Cannot occur in XML, so it marks an entity until the surrounding text is delivered.
const MARK = "\0";

const NO_TEXT = new XmlText("");
const NO_REPORT: Report = (offset, reason) => notWellFormed("", offset, reason);
/** Stands for a document while none is read. */
const NOT_SHARED: Shared = {
  sink: { wantsText: false, open: () => {}, close: () => {}, text: () => {} },
  entities: new Entities(new WarningList()),
  depth: 0,
};

interface PassageOptions {
  readonly xmlns: false;
  readonly position: false;
  readonly fragment: boolean;
}

/**
 * One text with its parser: the document, or the replacement text of an entity in it.
 *
 * It extends the parser for speed. `on` adds a property by a computed name, and V8 turns an object with many of those into a
 * hash table: with five or more handlers, a plain SaxesParser is six times slower. A subclass with fields makes V8 reserve
 * enough slots.
 */
class Passage extends SaxesParser<PassageOptions> implements ParserState {
  starts: number[] = [];
  tagStart = 0;
  inTag = false;
  markupEnd = 0;
  reference = 0;
  lastClosed = "";
  #text = NO_TEXT;
  #shared = NOT_SHARED;
  #report = NO_REPORT;
  #marked: { readonly name: string; readonly offset: number }[] = [];
  readonly #onText = (text: string) => this.#takeText(text, text.includes(MARK));
  /** saxes only reads names from its table of entities. */
  readonly #entities = new Proxy({}, { get: (_none, name) => this.#entity(String(name)) });
  #listens = false;
  /** The pieces of an unfinished attribute value or document type declaration. */
  #pieces: string[] = [];
  /** Number and characters of the attributes in the current start tag. */
  #attributes = 0;
  #attributeCharacters = 0;

  constructor(isFragment: boolean) {
    super({ xmlns: false, position: false, fragment: isFragment });
    const mark = () => {
      this.markupEnd = this.position;
    };
    this.on("text", this.#onText);
    this.off("text");
    this.on("error", (error) => this.#refuse(error.message));
    this.on("doctype", (doctype) => this.#takeDoctype(doctype));
    this.on("opentagstart", (tag) => this.#takeTagStart(tag.name));
    this.on("attribute", (attribute) => {
      attribute.value = this.#whole(attribute.value);
      this.#countAttribute(attribute.name.length + attribute.value.length);
    });
    this.on("opentag", (tag) => this.#takeOpen(tag));
    this.on("closetag", (tag) => this.#takeClose(tag.name));
    this.on("cdata", (data) => {
      mark();
      const { sink } = this.#shared;
      if (sink.wantsText) sink.text(data);
    });
    this.on("processinginstruction", mark);
    this.on("xmldecl", mark);
    this.on("comment", () => {
      this.markupEnd = this.position + 1; // saxes reports it before the >
    });
  }

  get source(): string {
    return this.#text.whole;
  }

  /** Reads a text to its end. It may be called again unless it threw. */
  read(text: XmlText, shared: Shared, report: Report): void {
    this.#text = text;
    this.#shared = shared;
    this.#report = report;
    this.starts = [];
    this.tagStart = this.markupEnd = this.reference = 0;
    this.inTag = false;
    this.lastClosed = "";
    this.#marked = [];
    this.#pieces = [];
    this.ENTITIES = this.#entities;
    this.#listen();
    try {
      if (this.#text.isShort) this.write(this.#text.whole);
      else
        for (const chunk of this.#text.chunks()) {
          this.write(chunk);
          this.#takeCollected();
        }
      this.close();
    } catch (error) {
      if (AssetFailure.is(error)) throw error;
      // On lone surrogates, saxes throws instead of reporting an error.
      throw this.#report(Math.min(this.position, this.source.length), messageOf(error));
    }
    // Keeps nothing of the document.
    this.#text = NO_TEXT;
    this.#shared = NOT_SHARED;
    this.#report = NO_REPORT;
  }

  /** Takes what the parser has collected at the end of a chunk: it would keep all of a text, even one that nobody reads. */
  #takeCollected(): void {
    const { text, collecting, isMarked } = takeCollected(this, this.inTag, MARK);
    const { sink } = this.#shared;
    if (collecting === "text") {
      if (text !== "") this.#takeText(text, isMarked);
      this.#listen();
    } else if (collecting === "character data") {
      if (sink.wantsText) sink.text(text);
    } else if (collecting === "attribute" || collecting === "doctype") {
      if (text !== "") this.#pieces.push(text);
      if (collecting === "attribute") this.#checkAttributes(this.#pieces.length * CHUNK);
    }
  }

  /** Returns a text with the pieces of it that were taken before. */
  #whole(end: string): string {
    if (this.#pieces.length === 0) return end;
    const whole = this.#pieces.join("") + end;
    this.#pieces = [];
    return whole;
  }

  #countAttribute(characters: number): void {
    this.#attributes++;
    this.#attributeCharacters += characters;
    this.#checkAttributes(0);
  }

  #checkAttributes(unfinished: number): void {
    const { attributes, attributeCharacters } = LIMITS;
    if (this.#attributes > attributes)
      throw new AssetFailure("XML_ATTRIBUTE_LIMIT", `a start tag with more than ${shown(attributes)} attributes`);
    if (this.#attributeCharacters + unfinished > attributeCharacters) {
      const message = `a start tag with more than ${shown(attributeCharacters)} characters of attributes`;
      throw new AssetFailure("XML_ATTRIBUTE_LIMIT", message);
    }
  }

  #takeTagStart(name: string): void {
    this.markupEnd = this.position;
    this.tagStart = this.markupEnd - name.length - 2;
    this.inTag = true;
    this.#attributes = 0;
    this.#attributeCharacters = 0;
    if (++this.#shared.depth > LIMITS.elementDepth) {
      throw new AssetFailure("XML_DEPTH_LIMIT", `elements nested deeper than ${LIMITS.elementDepth}`);
    }
  }

  #takeOpen(tag: SaxesTagPlain): void {
    this.inTag = false;
    this.markupEnd = this.position;
    this.starts.push(this.tagStart);
    this.#shared.sink.open(tag.name, tag.attributes);
    this.#listen();
  }

  #takeClose(name: string): void {
    this.markupEnd = this.position;
    this.lastClosed = name;
    this.starts.pop();
    this.#shared.depth--;
    this.#shared.sink.close();
    this.#listen();
  }

  #takeDoctype(last: string): void {
    const doctype = this.#whole(last);
    this.markupEnd = this.position;
    const start = this.position - 1 - doctype.length;
    this.#shared.entities.declare(
      scanDoctype(doctype, (offset, reason) => {
        throw this.#report(start + offset, reason);
      }),
    );
    this.#listen();
  }

  /** Listens for text only if needed, because saxes then copies it: if the sink wants it, or entities may be marked in it. */
  #listen(): void {
    const listens = this.#shared.sink.wantsText || this.#shared.entities.anyDeclared;
    if (listens === this.#listens) return;
    this.#listens = listens;
    if (listens) this.on("text", this.#onText);
    else this.off("text");
  }

  #takeText(text: string, isMarked: boolean): void {
    const { sink } = this.#shared;
    const [first = "", ...rest] = isMarked ? text.split(MARK) : [text];
    if (sink.wantsText) sink.text(first);
    const marked = this.#marked.splice(0);
    for (const [index, after] of rest.entries()) {
      const reference = marked[index];
      if (reference) this.#expand(reference.name, reference.offset);
      if (sink.wantsText) sink.text(after);
    }
  }

  /** Returns the text that saxes inserts for a reference; undefined makes it report an error. */
  #entity(name: string): string | undefined {
    const { entities } = this.#shared;
    const predefined = entities.predefined(name);
    if (predefined !== undefined) return predefined;
    this.reference = this.position - name.length - 2;
    const replacement = entities.replacement(name);
    if (replacement === undefined || replacement === "") return replacement;
    if (this.inTag) {
      const offset = this.reference;
      return entities.attributeText(name, replacement, (reason) => {
        throw this.#report(offset, reason);
      });
    }
    this.#marked.push({ name, offset: this.reference });
    return MARK;
  }

  #expand(name: string, offset: number): void {
    const { entities } = this.#shared;
    const replacement = entities.replacement(name) ?? "";
    const report: Report = (_within, reason) => this.#report(offset, `in entity &${name};: ${reason}`);
    entities.within(name, replacement, () => {
      if (/[<&]/.test(replacement)) {
        entities.countPassage();
        new Passage(true).read(new XmlText(replacement), this.#shared, report);
      } else if (this.#shared.sink.wantsText) this.#shared.sink.text(replacement);
    });
  }

  #refuse(message: string): never {
    const { offset, reason } = explainParseError(message, this);
    throw this.#report(offset, reason);
  }
}

const forgetChunk = passOverText(Passage);

/** The parser of documents, while it reads none: making one takes as long as a short document. */
let idle: Passage | undefined;
