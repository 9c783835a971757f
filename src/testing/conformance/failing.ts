import { deepStrictEqual } from "node:assert/strict";
import { AssetmillError, type ErrorCode, type ErrorIds } from "../../core/errors.js";

/** Returns what a promise rejects with. Fails if it does not reject. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`expected a rejection, got ${JSON.stringify(value)}`);
}

/** Fails if the promise does not reject with an AssetmillError that has this code and these ids. */
export async function rejectsWith(promise: PromiseLike<unknown>, code: ErrorCode, ids: ErrorIds): Promise<void> {
  const error = await rejection(promise);
  if (!AssetmillError.is(error)) throw new Error(`expected ${code}, got ${String(error)}`, { cause: error });
  const named = Object.fromEntries(Object.keys(ids).map((key) => [key, error.ids[key as keyof ErrorIds]]));
  deepStrictEqual([error.code, named], [code, { ...ids }]);
}
