import type { Attributes } from "./xml.js";

/** The attributes that decide where a link leads and what its target is. */
export interface LinkAttributes {
  readonly scope?: string | undefined;
  readonly format?: string | undefined;
}

/** An element's place in a relationship table. */
export type TablePart = "table" | "header" | "column" | "row" | "cell";

const NONE: LinkAttributes = Object.freeze({});

/**
 * The values of `scope` and `format` that elements pass on to those inside them: in maps, and from `related-links`, `linkpool`
 * and `linklist` in topics (DITA 1.3). The nearest element that sets an attribute decides; in a relationship table that is the
 * cell, then its row, then its column, then the table.
 */
export class Cascade {
  readonly #levels: { readonly depth: number; readonly values: LinkAttributes }[] = [];
  #header = NONE;
  #columns: LinkAttributes[] = [];
  #row = NONE;
  #cells = 0;

  /** The values for the element opened last, its own included. */
  get values(): LinkAttributes {
    return this.#levels.at(-1)?.values ?? NONE;
  }

  /** Opens an element that takes part in the cascade. */
  open(depth: number, attributes: Attributes, part: TablePart | undefined): void {
    const own = { scope: attributes.scope || undefined, format: attributes.format || undefined };
    const near = part === undefined ? own : this.#inTable(own, part);
    if (near.scope === undefined && near.format === undefined) return;
    this.#levels.push({ depth, values: over(near, this.values) });
  }

  /** Closes the element at this depth, whether it took part or not. */
  close(depth: number): void {
    if (this.#levels.at(-1)?.depth === depth) this.#levels.pop();
  }

  #inTable(own: LinkAttributes, part: TablePart): LinkAttributes {
    if (part === "table") {
      this.#header = NONE;
      this.#columns = [];
    } else if (part === "header") {
      this.#header = own;
    } else if (part === "column") {
      this.#columns.push(over(own, this.#header));
    } else if (part === "row") {
      this.#row = own;
      this.#cells = 0;
    } else {
      return over(own, over(this.#row, this.#columns[this.#cells++] ?? NONE));
    }
    return own;
  }
}

const over = (near: LinkAttributes, far: LinkAttributes): LinkAttributes => ({
  scope: near.scope ?? far.scope,
  format: near.format ?? far.format,
});
