import { AssetFailure } from "../errors.js";
import type { HandlerResult } from "./handler-result.js";

/** Limits on what the handlers of one asset may yield together. Far above what people's documents yield. */
export const RESULT_LIMITS = Object.freeze({
  /** Property values (each text of a list counts) and references. */
  values: 100_000,
  /** Characters of all of them, names of properties included: 16 MiB of ASCII. */
  characters: 16 * 1024 * 1024,
});

/** What a value takes beside its characters. */
const BYTES_PER_VALUE = 200;

/**
 * Adds up what one asset yields. Every method throws AssetFailure RESULT_TOO_LARGE as soon as a limit is exceeded, so a
 * handler that counts while it collects neither works nor holds more than that.
 */
export class ResultSize {
  #values = 0;
  #characters = 0;

  /** About how much memory all of it takes, in bytes. */
  get bytes(): number {
    return this.#characters + this.#values * BYTES_PER_VALUE;
  }

  /** Counts a value with so many characters. */
  add(characters: number): void {
    this.#characters += characters;
    if (++this.#values > RESULT_LIMITS.values)
      throw tooLarge(`${shown(RESULT_LIMITS.values)} references and property values, such as ids`);
    if (this.#characters > RESULT_LIMITS.characters)
      throw tooLarge(`${shown(RESULT_LIMITS.characters)} characters of references and property values`);
  }

  /** Counts a valid result. Its warnings are limited elsewhere, and do not count. */
  addResult({ properties, references }: HandlerResult): void {
    for (const [name, value] of Object.entries(properties ?? {})) {
      if (typeof value !== "object") this.add(name.length + lengthOf(value));
      else {
        this.#characters += name.length;
        for (const item of value) this.add(item.length);
      }
    }
    for (const reference of references ?? []) {
      let characters = 0;
      for (const field in reference) characters += lengthOf(reference[field as keyof typeof reference]);
      this.add(characters);
    }
  }
}

/** Returns the characters of a value; of an object that a handler added to a reference, those of its JSON. */
function lengthOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  return typeof value === "object" && value !== null ? JSON.stringify(value).length : 1;
}

const tooLarge = (limit: string): AssetFailure =>
  new AssetFailure("RESULT_TOO_LARGE", `the asset yields more than ${limit}; the limit is per asset`);

const shown = (count: number): string => count.toLocaleString("en-US");
