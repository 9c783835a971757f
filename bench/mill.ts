import { setTimeout as sleep } from "node:timers/promises";
import { type AssetmillOptions, createAssetmill } from "../src/index.js";

/** Assets with an outcome, and the time from the start of the job to its end. */
export interface Finished {
  readonly handled: number;
  readonly seconds: number;
}

/** Runs one job over this path from start to SUCCESS. Rejects if it ends otherwise. */
export async function runMill(path: string, options: AssetmillOptions): Promise<Finished> {
  const mill = await createAssetmill({ builtIns: false, ...options });
  try {
    const began = performance.now();
    const { processingId } = await mill.operator.start({ path, type: "ASSET_PROCESSING" }, "bench");
    for (;;) {
      const { status, processedCount } = await mill.operator.status(processingId);
      const seconds = (performance.now() - began) / 1_000;
      if (status === "SUCCESS") return { handled: processedCount, seconds };
      if (status !== "WAITING" && status !== "PROCESSING") throw new Error(`the job ended with status ${status}`);
      await sleep(20);
    }
  } finally {
    await mill.close();
  }
}
