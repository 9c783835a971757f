import type { WarningList } from "../../core/asset/warning-list.js";
import { AssetFailure } from "../../core/errors.js";
import { type Doctype, NO_DOCTYPE } from "./doctype.js";
import { LIMITS } from "./limits.js";
import { endOfName, shortName } from "./xml-name.js";

const PREDEFINED = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"],
]);
const REFERENCE = /&([^;&]+);/g;

/**
 * The general entities of one document, and the cost of expanding them so far. The cost counts replacement text before
 * nested references are expanded, so that even entities that expand to nothing are bounded.
 */
export class Entities {
  readonly #open: string[] = [];
  readonly #warnings: WarningList;
  #doctype: Doctype = NO_DOCTYPE;
  #spent = 0;
  #passages = 0;

  constructor(warnings: WarningList) {
    this.#warnings = warnings;
  }

  get anyDeclared(): boolean {
    return this.#doctype.entities.size > 0;
  }

  declare(doctype: Doctype): void {
    this.#doctype = doctype;
  }

  /** Returns the character of one of XML's five predefined entities. */
  predefined(name: string): string | undefined {
    return PREDEFINED.get(name);
  }

  /**
   * Returns an entity's replacement text with its references unexpanded. Empty, with a warning, for an external entity and
   * for one that an unread declaration may define; undefined if the reference is an error.
   */
  replacement(name: string): string | undefined {
    const declared = this.#doctype.entities.get(name);
    if (typeof declared === "string") return declared;
    if (declared === null) return this.#empty(`entity &${shortName(name)}; is external and was not read`);
    if (!this.#doctype.hasUnread || !isName(name)) return undefined;
    return this.#empty(`entity &${shortName(name)}; is not declared in this file and was treated as empty`);
  }

  /**
   * Runs `work` inside the entity. Throws XML_ENTITY_LIMIT if it contains itself, is nested too deep, or exceeds the
   * total.
   */
  within<T>(name: string, replacement: string, work: () => T): T {
    if (this.#open.includes(name)) throw tooMuch(`entity &${shortName(name)}; contains itself`);
    if (this.#open.length >= LIMITS.entityDepth) throw tooMuch(`entities nested deeper than ${LIMITS.entityDepth}`);
    this.#spent += replacement.length + 1;
    if (this.#spent > LIMITS.entityCharacters) {
      throw tooMuch(`entities expand to more than ${LIMITS.entityCharacters} characters`);
    }
    this.#open.push(name);
    try {
      return work();
    } finally {
      this.#open.pop();
    }
  }

  /** Counts an entity whose text has to be parsed. Throws XML_ENTITY_LIMIT if there are too many. */
  countPassage(): void {
    if (++this.#passages <= LIMITS.entityPassages) return;
    const most = LIMITS.entityPassages.toLocaleString("en-US");
    throw tooMuch(`entities with markup in them are used more than ${most} times`);
  }

  /** Expands an entity inside an attribute value: expands references, normalises white space. Calls `fail` on an error. */
  attributeText(name: string, replacement: string, fail: (reason: string) => never): string {
    if (replacement.includes("<")) return fail(`entity &${shortName(name)}; contains a < and is used in an attribute`);
    return this.within(name, replacement, () =>
      replacement.replace(/[\t\n\r]/g, " ").replace(REFERENCE, (_all, inner: string) => {
        const known = PREDEFINED.get(inner) ?? character(inner);
        if (known !== undefined) return known;
        const next = this.replacement(inner);
        if (next === undefined) return fail(`entity &${shortName(inner)}; is not declared`);
        return this.attributeText(inner, next, fail);
      }),
    );
  }

  #empty(warning: string): string {
    this.#warnings.addOnce(warning);
    return "";
  }
}

const isName = (text: string): boolean => text !== "" && endOfName(text, 0) === text.length;

const tooMuch = (message: string): AssetFailure => new AssetFailure("XML_ENTITY_LIMIT", message);

function character(reference: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(reference) ?? [];
  const code = hex === undefined ? Number.parseInt(decimal ?? "", 10) : Number.parseInt(hex, 16);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
