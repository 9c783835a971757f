import { LIMITS } from "./limits.js";

/** Elements whose text does not belong to the title that contains them. */
const UNSPOKEN: ReadonlySet<string> = new Set([
  "alt",
  "data",
  "data-about",
  "desc",
  "draft-comment",
  "fn",
  "foreign",
  "indexterm",
  "longdescref",
  "object",
  "required-cleanup",
  "sort-as",
  "unknown",
]);

const TITLES: ReadonlySet<string> = new Set(["title", "glossterm", "booktitle"]);

/**
 * Extracts a document's title: the first title of the root element, or of the first topic in a composite; for a book, the
 * main title. Keeps no more than a title may have, however long the text is.
 */
export class TitleCollector {
  readonly #depth: number;
  #state: "before" | "in a book's title" | "inside" | "after" = "before";
  #ends = 0;
  #unspoken = 0;
  readonly #text = new TitleText();

  /** @param depth the depth of the title element; the root has depth 1 */
  constructor(depth: number) {
    this.#depth = depth;
  }

  get wantsText(): boolean {
    return this.#state === "inside" && this.#unspoken === 0 && !this.#text.isCut;
  }

  get isDone(): boolean {
    return this.#state === "after";
  }

  /** The title with white space collapsed; empty if there is none, or if it contains only key references. */
  get title(): string {
    return this.#text.value;
  }

  /** Whether the title was too long, and is only its beginning. */
  get isCut(): boolean {
    return this.#text.isCut;
  }

  open(depth: number, name: string, ditaClass: string | undefined): void {
    if (this.#state === "inside") {
      if (this.#unspoken === 0 && UNSPOKEN.has(name)) this.#unspoken = depth;
    } else if (this.#state === "before") {
      if (depth !== this.#depth || !isTitle(name, ditaClass)) return;
      this.#ends = depth;
      this.#state = isNamed("booktitle", name, ditaClass) ? "in a book's title" : "inside";
    } else if (depth === this.#depth + 1 && isNamed("mainbooktitle", name, ditaClass)) {
      this.#ends = depth;
      this.#state = "inside";
    }
  }

  text(text: string): void {
    this.#text.add(text);
  }

  close(depth: number): void {
    if (depth === this.#unspoken) this.#unspoken = 0;
    else if (depth === this.#ends && this.#state !== "before") this.#state = "after";
  }
}

/** Length of the slices in which white space is collapsed: a text may be the whole file. */
const SLICE = 4_096;

/** A title's text with white space collapsed, cut at the length that a title may have. */
export class TitleText {
  #kept = "";
  #isCut = false;

  /** Without white space around it. */
  get value(): string {
    return this.#kept.trim();
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  add(text: string): void {
    for (let at = 0; at < text.length && !this.#isCut; at += SLICE) this.#add(text.slice(at, at + SLICE));
  }

  #add(slice: string): void {
    const text = slice.replace(/\s+/g, " ");
    this.#kept += this.#kept === "" || this.#kept.endsWith(" ") ? text.trimStart() : text;
    const most = LIMITS.titleCharacters;
    this.#isCut = this.#kept.length > most && (this.#kept.length > most + 1 || !this.#kept.endsWith(" "));
    // Never half a surrogate pair.
    if (this.#isCut) this.#kept = this.#kept.slice(0, most).replace(/[\ud800-\udbff]$/, "");
  }
}

const isTitle = (name: string, ditaClass: string | undefined): boolean =>
  ditaClass === undefined ? TITLES.has(name) : ditaClass.includes(" topic/title ");

const isNamed = (wanted: string, name: string, ditaClass: string | undefined): boolean =>
  ditaClass === undefined ? name === wanted : ditaClass.includes(` bookmap/${wanted} `);
