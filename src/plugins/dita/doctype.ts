import { AssetFailure } from "../../core/errors.js";
import { LIMITS } from "./limits.js";
import { endOfName, isReference, shortName } from "./xml-name.js";

/** The part of a document type declaration that affects how the document is read. */
export interface Doctype {
  /** Whether there may be declarations that are never read: an external subset or a parameter entity. */
  readonly hasUnread: boolean;
  /** Replacement text of each general entity; null for an external one, which is never read. First declaration wins. */
  readonly entities: ReadonlyMap<string, string | null>;
}

/** Throws the error for an offset in the declaration's text. */
export type FailAt = (offset: number, reason: string) => never;

export const NO_DOCTYPE: Doctype = Object.freeze({ hasUnread: false, entities: new Map<string, string | null>() });

const SPACE = /\s*/y;
const LITERAL = /"[^"]*"|'[^']*'/y;
const EXTERNAL_ID = /SYSTEM\s+(?:"[^"]*"|'[^']*')|PUBLIC\s+(?:"[^"]*"|'[^']*')\s+(?:"[^"]*"|'[^']*')/y;
const NOTATION_DATA = /\s+NDATA\s+/y;
const OTHER_DECLARATION = /<!(?:ELEMENT|ATTLIST|NOTATION)\s/y;
const PLAIN = /[^>"']+/y;
const CHARACTER_REFERENCE = /&#(?:x([0-9a-fA-F]+)|([0-9]+));/g;

/**
 * Reads the text between `<!DOCTYPE` and its `>`. Never opens anything outside that text. Attribute defaults declared in an
 * internal subset are not applied, and parameter entities are not expanded. Throws XML_DOCTYPE_LIMIT if the text is too long.
 */
export function scanDoctype(text: string, fail: FailAt): Doctype {
  if (text.length > LIMITS.doctypeCharacters) {
    const message = `the document type declaration has ${text.length} characters; at most ${LIMITS.doctypeCharacters} are read`;
    throw new AssetFailure("XML_DOCTYPE_LIMIT", message);
  }
  return new DoctypeScanner(text, fail).scan();
}

/** Takes one pattern after the other: a single one for a long piece would keep a way back for each of its characters. */
class DoctypeScanner {
  readonly #text: string;
  readonly #fail: FailAt;
  readonly #entities = new Map<string, string | null>();
  #at = 0;
  #hasUnread = false;

  constructor(text: string, fail: FailAt) {
    this.#text = text;
    this.#fail = fail;
  }

  scan(): Doctype {
    this.#space();
    this.#name() ?? this.#fail(this.#at, "the document type has no name");
    this.#space();
    if (this.#take(EXTERNAL_ID) !== undefined) this.#hasUnread = true;
    this.#space();
    if (this.#text[this.#at] === "[") this.#subset();
    this.#space();
    if (this.#at < this.#text.length) this.#fail(this.#at, "malformed document type declaration");
    return { hasUnread: this.#hasUnread, entities: this.#entities };
  }

  #subset(): void {
    this.#at++;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] === "]") break;
      if (this.#past("<!--", "-->") || this.#past("<?", "?>")) continue;
      if (this.#text.startsWith("<!ENTITY", this.#at)) this.#entity();
      else if (this.#text[this.#at] === "%") this.#parameterReference();
      else this.#otherDeclaration();
    }
    this.#at++;
  }

  #parameterReference(): void {
    const start = this.#at++;
    if (this.#name() === undefined || this.#text[this.#at] !== ";") this.#malformed(start);
    this.#at++;
    this.#hasUnread = true;
  }

  #otherDeclaration(): void {
    const start = this.#at;
    if (this.#take(OTHER_DECLARATION) === undefined) this.#malformed(start);
    while (this.#text[this.#at] !== ">") {
      if (this.#take(PLAIN) === undefined && this.#take(LITERAL) === undefined) this.#malformed(start);
    }
    this.#at++;
  }

  #malformed(start: number): never {
    return this.#fail(start, "malformed declaration in the internal subset");
  }

  #entity(): void {
    const start = this.#at;
    this.#at += "<!ENTITY".length;
    this.#space();
    const isParameter = this.#text[this.#at] === "%";
    if (isParameter) this.#at++;
    this.#space();
    const name = this.#name() ?? this.#fail(start, "an entity declaration without a name");
    this.#space();
    const value = this.#value(start);
    this.#space();
    if (this.#text[this.#at] !== ">") this.#fail(this.#at, `malformed declaration of entity ${shortName(name)}`);
    this.#at++;
    if (!isParameter && !this.#entities.has(name)) this.#entities.set(name, value);
  }

  #value(start: number): string | null {
    const literalAt = this.#at;
    const literal = this.#take(LITERAL);
    if (literal === undefined) {
      this.#take(EXTERNAL_ID) ?? this.#fail(start, "an entity declaration without a value");
      if (this.#take(NOTATION_DATA) !== undefined) this.#name();
      return null;
    }
    const raw = literal.slice(1, -1);
    const percent = raw.indexOf("%");
    if (percent >= 0) this.#fail(literalAt + 1 + percent, "% is not allowed in the value of an entity declared here");
    for (let at = raw.indexOf("&"); at >= 0; at = raw.indexOf("&", at + 1)) {
      if (!isReference(raw, at)) this.#fail(literalAt + 1 + at, "& that does not begin a reference");
    }
    return raw.replace(CHARACTER_REFERENCE, (reference: string, hex?: string, decimal?: string) => {
      const code = hex === undefined ? Number.parseInt(decimal ?? "", 10) : Number.parseInt(hex, 16);
      // An invalid character reference stays as it is, and fails where the entity is used.
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : reference;
    });
  }

  #past(opening: string, closing: string): boolean {
    if (!this.#text.startsWith(opening, this.#at)) return false;
    const end = this.#text.indexOf(closing, this.#at + opening.length);
    if (end < 0) this.#fail(this.#at, `${opening} without ${closing}`);
    this.#at = end + closing.length;
    return true;
  }

  #name(): string | undefined {
    const end = endOfName(this.#text, this.#at);
    if (end === this.#at) return undefined;
    const name = this.#text.slice(this.#at, end);
    this.#at = end;
    return name;
  }

  #space(): void {
    this.#take(SPACE);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}
