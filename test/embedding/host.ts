import {
  createAssetmill,
  type Assetmill,
  type AssetmillOptions,
  type JobReport,
  type ReportedOutcome,
} from "../../src/index.js";
import { until, Workbench } from "../cli/workbench.js";

/** A host program in this process: a folder, and the mills that it made. */
export class Host {
  readonly bench = new Workbench();
  readonly #mills: Assetmill[] = [];

  /** A mill on this host's store. */
  async mill(options: AssetmillOptions): Promise<Assetmill> {
    const mill = await createAssetmill({ store: this.bench.store, ...options });
    this.#mills.push(mill);
    return mill;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#mills.map((mill) => mill.close()));
    await this.bench.dispose();
  }
}

/** Processes a path; the status object once the job has ended. */
export async function processed(mill: Assetmill, path = "/"): Promise<JobReport> {
  const { processingId } = await mill.operator.start({ path, type: "ASSET_PROCESSING" }, "host");
  return endOf(mill, processingId);
}

export const endOf = (mill: Assetmill, processingId: string, withinMs?: number): Promise<JobReport> =>
  until(
    "the job's end",
    async () => {
      const report = await mill.operator.status(processingId);
      return report.completedAt > 0 ? report : undefined;
    },
    withinMs,
  );

/** Every outcome, by the last segment of its path. */
export async function outcomesOf(
  mill: Assetmill,
  processingId: string,
): Promise<Readonly<Record<string, ReportedOutcome>>> {
  const kinds = ["SUCCEEDED", "FAILED", "SKIPPED"] as const;
  const { outcomes } = await mill.operator.outcomes(processingId, { kinds, limit: 1_000 });
  return Object.fromEntries(
    outcomes.map((outcome) => [outcome.path.slice(outcome.path.lastIndexOf("/") + 1), outcome]),
  );
}

/** The job's log, without times. */
export async function logOf(mill: Assetmill, processingId: string): Promise<readonly string[]> {
  const { lines } = await mill.operator.logs(processingId, { limit: 10_000 });
  return lines.map((line) => line.slice("2026-01-31 08:00:00:000: ".length));
}
