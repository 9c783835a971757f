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
 * main title.
 */
export class TitleCollector {
  readonly #depth: number;
  #state: "before" | "in a book's title" | "inside" | "after" = "before";
  #ends = 0;
  #unspoken = 0;
  #text = "";

  /** @param depth the depth of the title element; the root has depth 1 */
  constructor(depth: number) {
    this.#depth = depth;
  }

  get wantsText(): boolean {
    return this.#state === "inside" && this.#unspoken === 0;
  }

  get isDone(): boolean {
    return this.#state === "after";
  }

  /** The title with white space collapsed; empty if there is none, or if it contains only key references. */
  get title(): string {
    return this.#text.replace(/\s+/g, " ").trim();
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
    this.#text += text;
  }

  close(depth: number): void {
    if (depth === this.#unspoken) this.#unspoken = 0;
    else if (depth === this.#ends && this.#state !== "before") this.#state = "after";
  }
}

const isTitle = (name: string, ditaClass: string | undefined): boolean =>
  ditaClass === undefined ? TITLES.has(name) : ditaClass.includes(" topic/title ");

const isNamed = (wanted: string, name: string, ditaClass: string | undefined): boolean =>
  ditaClass === undefined ? name === wanted : ditaClass.includes(` bookmap/${wanted} `);
