import { AssetmillError } from "../../../core/errors.js";
import type { RefusalCode } from "../../../core/asset/asset-result.js";

/** An error that the server reports, in either dialect. The exception's class tells more than the status. */
export class JcrFault extends Error {
  override readonly name = "JcrFault";
  readonly status: number;
  /** The exception's class without its package; undefined if the server named none. */
  readonly kind: string | undefined;

  constructor(status: number, kind: string | undefined, message: string) {
    super(`${kind ?? `status ${status}`}${message === "" ? "" : `: ${message}`}`.slice(0, 500));
    this.status = status;
    this.kind = kind;
  }
}

/** Reads DavEx's `<dcr:class>` and `<dcr:message>`; any other body leaves the status alone. */
export function davexFault(status: number, body: string): JcrFault {
  const kind = /<dcr:class>([^<]*)<\/dcr:class>/.exec(body)?.[1]?.split(".").at(-1);
  const message = /<dcr:message>([^<]*)<\/dcr:message>/.exec(body)?.[1];
  return new JcrFault(status, kind, unescapeXml(message ?? ""));
}

/** Reads the JSON with which Sling's POST answers on request. */
export function slingFault(status: number, body: string): JcrFault {
  try {
    const answer = JSON.parse(body) as { "status.message"?: string; error?: { class?: string; message?: string } };
    const { error } = answer;
    return new JcrFault(status, error?.class?.split(".").at(-1), error?.message ?? answer["status.message"] ?? "");
  } catch {
    return new JcrFault(status, undefined, "");
  }
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const unescapeXml = (text: string): string =>
  text.replace(/&(lt|gt|amp|quot|apos);/g, (_all, name: string) => ENTITIES[name] ?? "");

/** Returns whether another writer interfered: read again, then retry. */
export const isConflict = ({ kind }: JcrFault): boolean =>
  kind === "InvalidItemStateException" || kind === "ItemExistsException";

/** Returns whether the request may have been executed in spite of the error. */
export const isUnknown = ({ status, kind }: JcrFault): boolean => status >= 500 && status !== 501 && kind === undefined;

/** Returns what a fault means for the asset whose write met it. */
export function refusalOf({ kind, status, message }: JcrFault): RefusalCode {
  if (kind === "PathNotFoundException" || kind === "ItemNotFoundException") return "GONE";
  // Sling's bundles before 2021 give the cause as text only: "is not modifiable" means that JCR denied it.
  if (kind === "PersistenceException" && /OakAccess|AccessDenied|is not modifiable/.test(message))
    return "ACCESS_DENIED";
  if (kind === "VersionException") return "CHECKED_OUT";
  if (kind === "LockException" || status === 423) return "LOCKED";
  return kind === "AccessDeniedException" || (kind === undefined && status === 403) ? "ACCESS_DENIED" : "WRITE_FAILED";
}

/** Returns whether a server, or a proxy before it, rejects a request for the length of its URL. */
export const isUrlTooLong = ({ status }: { readonly status: number }): boolean => status === 414 || status === 431;

/** Makes the fault of a node whose path makes too long a URL: other nodes can be read. */
export async function urlTooLong(
  answer: { readonly status: number; discard(): Promise<void> },
  url: string,
): Promise<JcrFault> {
  await answer.discard();
  const message = `the server, or a proxy before it, rejects a URL of ${url.length} characters; raise its limit for request headers`;
  return new JcrFault(answer.status, "UrlTooLong", message);
}

export const unavailable = (message: string, cause?: unknown): AssetmillError =>
  new AssetmillError("UNAVAILABLE", message, { cause });

/** Returns an error as one about this asset. Rethrows an error that concerns all assets. */
export function assetError(error: unknown, path: string): AssetmillError {
  if (AssetmillError.is(error) && error.code !== "UNAVAILABLE") {
    return error.ids.path === undefined
      ? new AssetmillError(error.code, error.message, { ids: { path }, cause: error })
      : error;
  }
  throw error;
}
