import { ResultSize } from "../../core/asset/result-size.js";
import { WarningList } from "../../core/asset/warning-list.js";
import { Cascade } from "./cascade.js";
import { type Element, elementOf, LINKS_EVERYWHERE, type LinkUse } from "./elements.js";
import { type Root, rootOf } from "./roots.js";
import { LIMITS } from "./limits.js";
import { TitleCollector, TitleText } from "./title.js";
import { type Attributes, readXml, type XmlSink } from "./xml.js";

/** A linking attribute as written in the document. */
export interface Link {
  readonly use: LinkUse;
  /** Trimmed, never empty, not yet resolved. */
  readonly value: string;
  /** The element's own format, else the one it inherits. */
  readonly format?: string | undefined;
  /** The element's own scope, else the one it inherits. Absent for content references: it says nothing about them. */
  readonly scope?: string | undefined;
  readonly reltable: boolean;
}

/** The content of a DITA document before links are resolved. Lists are in document order. */
export interface DitaDocument {
  readonly root: Root;
  /** Empty if the document has no title. */
  readonly title: string;
  /** Without duplicates. */
  readonly ids: readonly string[];
  /** One entry per occurrence. */
  readonly links: readonly Link[];
}

/**
 * Reads a DITA file. Throws AssetFailure NOT_DITA, RESULT_TOO_LARGE as soon as there are more ids and links than a result may
 * hold, or whatever `readXml` throws. Adds its warnings to `warnings`. Recognises elements by their `class`, or by
 * name if they have none. Elements of other vocabularies (with a prefix or a default namespace of their own, such as embedded
 * SVG) are checked for well-formedness only.
 */
export function readDita(source: string, warnings = new WarningList()): DitaDocument {
  const sink = new DitaSink();
  readXml(source, sink, warnings);
  return sink.document(warnings);
}

// The placeholder that templates use for a value that a conref supplies.
const PLACEHOLDER = "-dita-use-conref-target";

class DitaSink implements XmlSink {
  readonly #ids = new Set<string>();
  readonly #links: Link[] = [];
  readonly #cascade = new Cascade();
  readonly #size = new ResultSize();
  readonly #rootTitle = new TitleText();
  #root: Root | undefined;
  #title = new TitleCollector(2);
  #depth = 0;
  #foreign = 0;
  #reltable = 0;

  get wantsText(): boolean {
    return this.#title.wantsText;
  }

  document(warnings: WarningList): DitaDocument {
    const root = this.#root;
    if (!root) throw new Error("no root element was reported");
    const own = this.#title.title !== "" || root.kind !== "map";
    const title = own ? this.#title.title : this.#rootTitle.value;
    if (own ? this.#title.isCut : this.#rootTitle.isCut) {
      warnings.add(`the title has more than ${LIMITS.titleCharacters} characters and was cut`);
    }
    return { root, title, ids: [...this.#ids], links: this.#links };
  }

  open(name: string, attributes: Attributes): void {
    const depth = ++this.#depth;
    if (this.#foreign !== 0) return;
    if (depth === 1) this.#openRoot(name, attributes);
    else if (name.includes(":") || attributes.xmlns) {
      this.#foreign = depth;
      return;
    }
    const ditaClass = attributes.class;
    if (!this.#title.isDone) this.#title.open(depth, name, ditaClass);
    const meaning = elementOf(name, ditaClass);
    if (meaning?.tablePart === "table" && this.#reltable === 0) this.#reltable = depth;
    if (meaning?.cascades) this.#cascade.open(depth, attributes, meaning.tablePart);
    this.#read(meaning, attributes);
  }

  close(): void {
    const depth = this.#depth--;
    if (depth === this.#foreign) this.#foreign = 0;
    if (depth === this.#reltable) this.#reltable = 0;
    this.#cascade.close(depth);
    this.#title.close(depth);
  }

  text(text: string): void {
    this.#title.text(text);
  }

  #openRoot(name: string, attributes: Attributes): void {
    this.#root = rootOf(name, attributes);
    this.#rootTitle.add(attributes.title ?? "");
    if (this.#root.kind === "composite") this.#title = new TitleCollector(3);
  }

  #read(meaning: Element | undefined, attributes: Attributes): void {
    const { scope, format } = meaning?.cascades ? this.#cascade.values : attributes;
    for (const name in attributes) {
      const raw = attributes[name] ?? "";
      if (name === "id") {
        this.#addId(raw.trim());
        continue;
      }
      const use = meaning?.links.get(name) ?? LINKS_EVERYWHERE.get(name);
      if (use === undefined) continue;
      // A parameter's value is a reference only if `valuetype` says so.
      if (name === "value" && attributes.valuetype !== "ref") continue;
      const value = raw.trim();
      if (value === "" || value === PLACEHOLDER) continue;
      // With a conkeyref, the range ends in the key's target, whatever file conrefend names.
      const key = name === "conrefend" && !attributes.conref ? attributes.conkeyref?.trim() : undefined;
      this.#size.add(value.length);
      this.#links.push({
        use: key ? "content-key" : use,
        value: key ? endOfRange(key, value) : value,
        format,
        scope: use === "conref" ? undefined : scope,
        reltable: this.#reltable !== 0,
      });
    }
  }

  #addId(id: string): void {
    if (id === "" || this.#ids.has(id)) return;
    this.#size.add(id.length);
    this.#ids.add(id);
  }
}

/** Combines `key/first` and `file.dita#topic/last` to `key/last`. */
const endOfRange = (conkeyref: string, conrefend: string): string =>
  `${conkeyref.split("/", 1)[0]}/${conrefend.slice(conrefend.search(/[^#/]*$/))}`;
