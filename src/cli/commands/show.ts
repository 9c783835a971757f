import { createAssetmill } from "../../assetmill.js";
import { refuseMissingStore } from "../../composition/control.js";
import { invalidParameter } from "../../core/errors.js";
import type { AssetResult } from "../../core/asset/asset-result.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import type { Output } from "../output.js";
import { existingStore } from "../existing-store.js";

export interface ShowFlags {
  readonly assets?: string;
  readonly store?: string;
  readonly json?: boolean;
}

/** Shows what processing wrote about one asset. */
export async function showCommand(path: string, flags: ShowFlags, output: Output): Promise<ExitCode> {
  const { assets } = flags;
  if (assets === undefined)
    throw invalidParameter("assets", "is required, for example --assets folder:DIR[?mount=/path]");
  const store = existingStore(flags.store, assets);
  await refuseMissingStore(store);
  const mill = await createAssetmill({ assets, autoStart: false, store });
  try {
    const result = await mill.operator.results(path);
    if (!result) {
      output.say(`${path} has not been processed yet`);
      return EXIT.failures;
    }
    // Without the stamp's basis, which may list every link of the asset.
    const { basis: _basis, ...stamp } = result.stamp;
    if (flags.json) output.json({ ...result, stamp });
    else printResult(result, output);
    return EXIT.success;
  } finally {
    await mill.close();
  }
}

function printResult({ path, properties, references, stamp, jobId, at }: AssetResult, output: Output): void {
  output.line(path);
  output.line("Properties:");
  for (const [name, value] of Object.entries(properties)) {
    output.line(`  ${name} = ${typeof value === "object" ? value.join(", ") : value}`);
  }
  output.line(`References: ${references.length}`);
  for (const { kind, target, fragment } of references) {
    output.line(`  ${kind} ${target}${fragment === undefined ? "" : `#${fragment}`}`);
  }
  const handlers = Object.entries(stamp.handlers).map(([name, version]) => `${name} ${version}`);
  output.line(`Stamp: ${stamp.contentHash ?? "content not read"}, ${stamp.sizeBytes} bytes, by ${handlers.join(", ")}`);
  output.line(`Written ${new Date(at).toISOString()} by job ${jobId}`);
}
