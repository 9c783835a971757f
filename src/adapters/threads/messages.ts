import type { MessagePort } from "node:worker_threads";
import type { Asset } from "../../core/asset/asset.js";
import type { HandlerResult } from "../../core/asset/handler-result.js";
import type { OtherAssets } from "../../core/asset/stamp.js";
import type { RepositoryNode } from "../../core/ports/asset-repository.js";
import type { ThreadReaderModule } from "../../core/ports/thread-reader-module.js";
import type { EncodedError } from "./error-codec.js";
import type { ResultPart } from "./result-parts.js";

/** A thread's `workerData`: URLs of the modules that give its handlers. */
export interface ThreadModules {
  readonly modules: readonly string[];
}

/** An asset as sent to a thread. */
export interface SentAsset {
  readonly handler: string;
  readonly asset: Asset;
  readonly jobId: string;
  readonly type: string;
  readonly attempt: number;
  readonly deadlineMs: number;
  readonly maxContentBytes: number;
  readonly mostBytes?: number;
  readonly file?: string;
  readonly bytes?: Uint8Array;
}

/** A thread's work: assets to run one by one. With or without assets, the thread returns the names of its handlers. */
export interface SentBatch {
  readonly port: MessagePort;
  readonly memory: SharedArrayBuffer;
  /** Number of assets. */
  readonly count: number;
  /** `SentAsset[]`: as JSON, which takes a third of the time of a clone, unless bytes are among them. */
  readonly assets: string | readonly SentAsset[];
  /** How to read the repository in the thread. @defaultValue the main thread is asked */
  readonly reader?: ThreadReaderModule;
}

/** How a handler ended. */
export type SentEnd =
  | {
      readonly returned: HandlerResult | undefined;
      readonly textWarning: string | undefined;
      readonly hash: string | null | undefined;
      readonly others: OtherAssets;
      readonly busyMs: number;
    }
  | { readonly error: EncodedError; readonly hash: string | null | undefined; readonly busyMs: number };

/**
 * A thread's question about the repository. `read` opens a stream; `next` asks for further pieces until there is none.
 * `part` asks to take a part of the result, and is answered without a piece.
 */
export type Question =
  | { readonly what: "stat"; readonly paths: readonly string[] }
  | { readonly what: "similar"; readonly path: string }
  | { readonly what: "read"; readonly stream: number; readonly path: string }
  | { readonly what: "next" | "close"; readonly stream: number }
  | { readonly what: "part"; readonly part: ResultPart };

export type Answer =
  | { readonly nodes: readonly (RepositoryNode | undefined)[] }
  | { readonly similar: string | undefined }
  | { readonly piece: Uint8Array | undefined }
  | { readonly error: EncodedError };

export type FromThread =
  /** So many ends are in the batch's shared memory by now. */
  | { readonly kind: "ends"; readonly index: number; readonly count: number }
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
