import { AssetColumns } from "../../asset/asset-columns.js";
import type { SkipCode } from "../../asset/outcome.js";
import type { SkipRules } from "../../asset/skip-rules.js";
import type { DiscoveryClaim, DiscoveryPage, NewChunk } from "../../job/chunk.js";
import type { Job } from "../../job/job.js";
import type { LogEntry } from "../../job/log-entry.js";
import { entriesIn, Manifest } from "../../job/manifest.js";
import { TallyCounter } from "../../job/tally.js";
import type { SourcePage } from "./source-page.js";

/**
 * Turns the stream of assets into pages of chunks. In a dry run it only counts and makes no chunks. In a listing job,
 * the chunks have no open assets.
 */
export class PageCutter {
  readonly #chunkSize: number;
  readonly #rules: SkipRules;
  readonly #fromScratch: boolean;
  #part: number;
  #nextChunk: number;
  #cursor: string | undefined;
  #storedCursor: string | undefined;
  #found: Manifest[] = [];
  #waiting = 0;
  #hidden = 0;
  #pages = 0;
  readonly #counts: boolean;
  readonly #lists: boolean;

  constructor({ request }: Job, claim: DiscoveryClaim, chunkSize: number, rules: SkipRules) {
    this.#chunkSize = chunkSize;
    this.#rules = rules;
    this.#part = claim.part;
    this.#nextChunk = claim.nextChunk;
    this.#cursor = claim.cursor;
    this.#storedCursor = claim.cursor;
    this.#fromScratch = claim.cursor === undefined;
    this.#counts = request.dryRun === true;
    this.#lists = request.listing !== undefined;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Whether this job has no page yet. */
  get isFirst(): boolean {
    return this.#fromScratch && this.#pages === 0;
  }

  /** Whether there is anything that the last page did not have. */
  get hasProgress(): boolean {
    return this.#waiting > 0 || this.#cursor !== this.#storedCursor;
  }

  add({ assets, skips, upTo, hidden = 0 }: SourcePage): void {
    if (assets.length > 0) this.#found.push(new Manifest(AssetColumns.of(assets), skips));
    this.#waiting += assets.length;
    this.#cursor = upTo;
    this.#hidden += hidden;
  }

  cut(complete: boolean): DiscoveryPage {
    const tally = new TallyCounter();
    tally.hidden(this.#hidden);
    const chunks: NewChunk[] = [];
    for (const found of chunksOf(this.#found, this.#chunkSize)) {
      const entries = this.#ruled(found, tally);
      if (this.#counts) continue;
      const open = this.#lists ? 0 : entries.length - entries.skips.size;
      chunks.push({ number: this.#nextChunk++, entries, open });
    }
    const ends = { first: this.#found[0]?.assets.pathAt(0), last: lastPath(this.#found.at(-1)) };
    const lines = this.#counts ? this.#found.flatMap(unreadableLines) : [];
    this.#found = [];
    this.#waiting = 0;
    this.#hidden = 0;
    this.#storedCursor = this.#cursor;
    if (chunks.length > 0 || this.#counts) this.#pages++;
    return {
      part: this.#part++,
      chunks,
      ...ends,
      cursor: this.#cursor,
      tally: tally.take(),
      ...(lines.length === 0 ? {} : { lines }),
      complete,
    };
  }

  /** Counts the assets, and returns them with the skip codes that the rules give them. */
  #ruled({ assets, skips }: Manifest, tally: TallyCounter): Manifest {
    const ruled = new Map<number, SkipCode>();
    const { fragments, unreadable } = assets.parts;
    const isPlain = !fragments && !unreadable;
    for (let i = 0; i < assets.length; i++) {
      const type = assets.typeAt(i);
      const asset = isPlain ? { path: assets.pathAt(i) ?? "" } : assets.at(i);
      const skip = skips.get(i) ?? (asset && this.#rules.reasonFor(asset));
      tally.found(type, skip ? 0 : (assets.parts.sizes.values[i] ?? 0));
      if (!skip) continue;
      tally.skipped(type, skip);
      ruled.set(i, skip);
    }
    return new Manifest(assets, ruled);
  }
}

/** Cuts pages into chunks. Pages of a chunk's size, as repositories yield most of them, are chunks as they are. */
function* chunksOf(pages: readonly Manifest[], size: number): Generator<Manifest> {
  const odd = pages.findIndex(({ length }, i) => length > size || (length < size && i < pages.length - 1));
  if (odd < 0) return yield* pages;
  yield* pages.slice(0, odd);
  const rest = pages.slice(odd).flatMap(entriesIn);
  for (let i = 0; i < rest.length; i += size) yield Manifest.of(rest.slice(i, i + size));
}

const lastPath = (page: Manifest | undefined): string | undefined => page?.assets.pathAt(page.length - 1);

/** Names what cannot be read. Only for a dry run: in any other, it fails by itself, which is logged. */
const unreadableLines = ({ assets }: Manifest): readonly LogEntry[] =>
  [...(assets.parts.unreadable ?? [])].map(([index, { code, message }]) => ({
    level: "WARN",
    message: `Cannot be read: ${assets.pathAt(index)}: ${code} ${message}`,
  }));
