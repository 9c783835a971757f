import { createInterface } from "node:readline";
import { messageOf } from "../src/core/errors.js";
import type { Finished } from "./mill.js";

/** One run, as the parent asks for it in a line of JSON. */
export interface Task {
  readonly count: number;
  /** For the loop: file, or URL, of its rows. For assetmill: URI of the jobs, or of jobs and assets. */
  readonly place: string;
  /** For the loop on PostgreSQL. */
  readonly schema?: string;
}

/** The answer, in a line of JSON. */
export type Answer = Finished | { readonly failed: string };

type Work = (task: Task) => Promise<Finished>;

const noop = { name: "noop", version: "1", process: async () => {} };

/** What can run here. Each loads only what it needs, since the memory of this process is measured. */
const WORKS = {
  /** The hand-written loop with outcome rows. */
  loop: async (): Promise<Work> => {
    const { openPostgres, openSqlite } = await import("./loop-database.js");
    const { outcomeLoop } = await import("./outcome-loop.js");
    return async ({ place, schema }) => {
      const db = await (schema === undefined ? openSqlite(place) : openPostgres(place, schema));
      const began = performance.now();
      const handled = await outcomeLoop(db, async () => {});
      const seconds = (performance.now() - began) / 1_000;
      await db.close();
      return { handled, seconds };
    };
  },
  /** Made-up assets, jobs in the database. */
  "made-up": async (): Promise<Work> => {
    const { runMill } = await import("./mill.js");
    const { SyntheticRepository } = await import("./synthetic-repository.js");
    return ({ count, place }) =>
      runMill("/content/dam", { assets: new SyntheticRepository(count), store: place, plugins: [noop] });
  },
  /** Assets and jobs in one database, a stamp for each asset. */
  stamped: async (): Promise<Work> => {
    const { runMill } = await import("./mill.js");
    const { BIG } = await import("../test/support/million-assets.js");
    return ({ place }) => runMill(BIG, { assets: place, plugins: [noop] });
  },
  /** The same with a handler that stores nothing with the assets: no stamps. */
  unstamped: async (): Promise<Work> => {
    const { runMill } = await import("./mill.js");
    const { BIG } = await import("../test/support/million-assets.js");
    return ({ place }) => runMill(BIG, { assets: place, plugins: [{ ...noop, writes: false }] });
  },
};

export type WorkName = keyof typeof WORKS;

/** Runs one kind of work as often as the parent asks, and ends when standard input does. */
async function main(name: WorkName): Promise<void> {
  const work = await WORKS[name]();
  for await (const line of createInterface({ input: process.stdin })) {
    const answer: Answer = await work(JSON.parse(line) as Task).catch((error: unknown) => ({
      failed: messageOf(error),
    }));
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

await main(process.argv[2] as WorkName);
