import type { MessagePort } from "node:worker_threads";
import type { Asset } from "../../core/asset/asset.js";
import type { HandlerResult } from "../../core/asset/handler-result.js";
import type { RepositoryNode } from "../../core/ports/asset-repository.js";
import type { EncodedError } from "./error-codec.js";

/** Where a thread finds handlers; its `workerData`. */
export interface ThreadModules {
  readonly modules: readonly string[];
}

/** An asset on its way into a thread. */
export interface SentAsset {
  readonly handler: string;
  readonly asset: Asset;
  readonly jobId: string;
  readonly type: string;
  readonly attempt: number;
  readonly deadlineMs: number;
  readonly maxContentBytes: number;
  readonly file?: string;
  readonly bytes?: Uint8Array;
}

/** What a thread is given to do: these assets, one after the other; or, without any, to say which handlers it has. */
export interface SentBatch {
  readonly port: MessagePort;
  readonly memory: SharedArrayBuffer;
  readonly assets: readonly SentAsset[];
}

/** A handler's end, sent as soon as it ended. */
export type SentEnd =
  | { readonly returned: HandlerResult | undefined; readonly hash: string | null | undefined; readonly busyMs: number }
  | { readonly error: EncodedError; readonly hash: string | null | undefined; readonly busyMs: number };

/** What a thread asks of the repository. A `read` is pulled piece by piece: `next`, until there is none. */
export type Question =
  | { readonly what: "stat"; readonly paths: readonly string[] }
  | { readonly what: "read"; readonly stream: number; readonly path: string }
  | { readonly what: "next" | "close"; readonly stream: number };

export type Answer =
  | { readonly nodes: readonly (RepositoryNode | undefined)[] }
  | { readonly piece: Uint8Array | undefined }
  | { readonly error: EncodedError };

export type FromThread =
  | { readonly kind: "end"; readonly index: number; readonly end: SentEnd }
  | {
      readonly kind: "log";
      readonly index: number;
      readonly level: "debug" | "info" | "warn" | "error";
      readonly message: string;
    }
  | { readonly kind: "ask"; readonly index: number; readonly id: number; readonly question: Question };

export type ToThread =
  | { readonly kind: "stop"; readonly index: number }
  | { readonly kind: "answer"; readonly id: number; readonly answer: Answer };
