import { refuseMissingAssets } from "../../composition/repositories.js";
import { openResults } from "../../composition/results.js";
import { invalidParameter } from "../../core/errors.js";
import type { ShownResult } from "../../core/ports/job-operator.js";
import { escapeLine } from "../../core/job/log-entry.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import type { Output } from "../output.js";
import { shownPath } from "../shown-path.js";
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
  await refuseMissingAssets(assets);
  const results = await openResults(assets, store);
  try {
    const result = await results.results(path);
    if (!result) {
      output.say(`${shownPath(path)} has no results: nothing has processed it successfully yet`);
      return EXIT.failures;
    }
    // Without the stamp's basis, which may list every link of the asset.
    const { basis: _basis, ...stamp } = result.stamp;
    if (flags.json) output.json({ ...result, stamp });
    else printResult(result, output);
    return EXIT.success;
  } finally {
    await results.close();
  }
}

function printResult(result: ShownResult, output: Output): void {
  const { path, exists, properties, references, stamp, jobId, at } = result;
  output.line(shownPath(path));
  if (!exists) {
    output.line(`This asset is gone, or cannot be read any more. It was processed at ${new Date(at).toISOString()}:`);
  }
  output.line("Properties:");
  for (const [name, value] of Object.entries(properties)) {
    output.line(escapeLine(`  ${name} = ${typeof value === "object" ? value.join(", ") : value}`));
  }
  output.line(`References: ${references.length}`);
  for (const { kind, target, fragment } of references) {
    output.line(escapeLine(`  ${kind} ${target}${fragment === undefined ? "" : `#${fragment}`}`));
  }
  const handlers = Object.entries(stamp.handlers).map(([name, version]) => `${name} ${version}`);
  output.line(`Stamp: ${stamp.contentHash ?? "content not read"}, ${stamp.sizeBytes} bytes, by ${handlers.join(", ")}`);
  output.line(`Written ${new Date(at).toISOString()} by job ${jobId}`);
}
