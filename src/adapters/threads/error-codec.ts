import { clip } from "../../core/asset/clip.js";
import { LargerThanListed } from "../../core/engine/asset/asset-context.js";
import {
  AssetFailure,
  AssetmillError,
  type ErrorCode,
  type ErrorIds,
  messageOf,
  RetryableError,
  SkipAsset,
} from "../../core/errors.js";

/** An error as sent between threads: structured clone would lose its class. */
export type EncodedError =
  | { readonly kind: "retry" | "skip" | "other"; readonly message: string }
  | { readonly kind: "larger"; readonly sizeBytes: number }
  | { readonly kind: "failure"; readonly code: string; readonly message: string }
  | { readonly kind: "ours"; readonly code: ErrorCode; readonly ids: ErrorIds; readonly message: string };

export function encodeError(error: unknown): EncodedError {
  const message = clip(messageOf(error));
  if (error instanceof LargerThanListed) return { kind: "larger", sizeBytes: error.sizeBytes };
  if (RetryableError.is(error)) return { kind: "retry", message };
  if (SkipAsset.is(error)) return { kind: "skip", message };
  if (AssetFailure.is(error)) return { kind: "failure", code: error.code, message };
  if (AssetmillError.is(error)) return { kind: "ours", code: error.code, ids: error.ids, message };
  return { kind: "other", message };
}

export function decodeError(sent: EncodedError): Error {
  switch (sent.kind) {
    case "retry":
      return new RetryableError(sent.message);
    case "larger":
      return new LargerThanListed(sent.sizeBytes);
    case "skip":
      return new SkipAsset(sent.message);
    case "failure":
      return new AssetFailure(sent.code, sent.message);
    case "ours":
      return new AssetmillError(sent.code, sent.message, { ids: sent.ids });
    case "other":
      return new Error(sent.message);
  }
}
