import { AssetmillError } from "../core/errors.js";

/** RATE_LIMITED, with the time to wait before retrying. */
export class TooManyRequests extends AssetmillError {
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super("RATE_LIMITED", message);
    this.retryAfterMs = retryAfterMs;
  }
}
