import { type NamesOf, refuseUnknownOptions } from "../core/operator/unknown-name.js";
import { checkLimit } from "./check-limit.js";
import { UNREAD_TIMEOUT_MS } from "./unread-response.js";

/** Options of `nodeListener`. */
export interface NodeListenerOptions {
  /** How long a client may leave a response unread before its connection is closed. @defaultValue 60 s */
  readonly unreadTimeoutMs?: number;
}

const NAMES: NamesOf<Required<NodeListenerOptions>> = { unreadTimeoutMs: true };

/** Applies the defaults. Throws INVALID_PARAMETER naming the invalid or unknown option. */
export function resolveListenerOptions(options: NodeListenerOptions): Required<NodeListenerOptions> {
  refuseUnknownOptions(options, NAMES);
  const { unreadTimeoutMs = UNREAD_TIMEOUT_MS } = options;
  checkLimit("unreadTimeoutMs", unreadTimeoutMs);
  return { unreadTimeoutMs };
}
