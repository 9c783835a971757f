import type { ChunkPart } from "./chunk.js";
import type { PaceSample } from "./pace.js";
import { addTallies, EMPTY_TALLY, type Tally } from "./tally.js";

/** Progress of a job by parts that are committed together. */
export interface ChunkProgress {
  readonly tally: Tally;
  readonly closedChunks: number;
  readonly warnings: number;
  readonly samples: readonly PaceSample[];
}

/** Adds up what these parts mean for their job. */
export const progressOf = (parts: readonly ChunkPart[]): ChunkProgress => ({
  tally: parts.map(({ tally }) => tally).reduce(addTallies, EMPTY_TALLY),
  closedChunks: parts.filter(({ closes }) => closes).length,
  warnings: parts.reduce((sum, { warnings }) => sum + warnings, 0),
  samples: parts.map(({ pace }) => pace),
});
