import { ExplainedFault } from "../explained-fault.js";

/** More reasons than one outage has. */
const MAX_REASONS = 20;

/**
 * Something that callers cannot be checked without is out of order. As long as that lasts, the same reason gives the same
 * error object: errors are logged once each, so an outage is logged once and not for every request.
 */
export class Outage {
  readonly #code: "INTERNAL" | "UNAVAILABLE";
  readonly #told: string;
  readonly #errors = new Map<string, ExplainedFault>();

  /** `told`: what callers are told. */
  constructor(code: "INTERNAL" | "UNAVAILABLE", told: string) {
    this.#code = code;
    this.#told = told;
  }

  /** Returns the error for this reason; `message` is for the log. */
  because(message: string, cause?: unknown): ExplainedFault {
    const known = this.#errors.get(message);
    if (known) return known;
    if (this.#errors.size >= MAX_REASONS) this.#errors.clear();
    const error = new ExplainedFault(this.#code, message, this.#told, cause);
    this.#errors.set(message, error);
    return error;
  }

  /** It works again. The next failure is another outage. */
  over(): void {
    this.#errors.clear();
  }
}
