import { AssetmillError } from "../core/errors.js";

/** RATE_LIMITED, with the time after which it is worth trying again. */
export class TooManyRequests extends AssetmillError {
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super("RATE_LIMITED", message);
    this.retryAfterMs = retryAfterMs;
  }
}
