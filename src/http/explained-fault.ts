import { AssetmillError } from "../core/errors.js";

/**
 * A fault that is not the caller's, with what callers are told about it instead of the general sentence. The message is for
 * the log, and may name files and hosts.
 */
export class ExplainedFault extends AssetmillError {
  /** One sentence or two, without files, hosts or secrets. */
  readonly told: string;

  /** INTERNAL: somebody has to mend something here. UNAVAILABLE: it is worth trying again. */
  constructor(code: "INTERNAL" | "UNAVAILABLE", message: string, told: string, cause?: unknown) {
    super(code, message, { cause });
    this.told = told;
  }
}
