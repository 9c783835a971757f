import { deepStrictEqual } from "node:assert/strict";
import type { AssetReference, PropertyValue } from "../../core/asset/handler-result.js";
import type { AssetResult, AssetWrite } from "../../core/asset/asset-result.js";
import type { Stamp } from "../../core/asset/stamp.js";
import type { AssetPlot, AssetRepositoryFlag } from "./asset-plot.js";
import type { Guarantee } from "./suite.js";

export type ResultGuarantee = Guarantee<AssetPlot, AssetRepositoryFlag>;
export type Properties = Readonly<Record<string, PropertyValue>>;

export const STAMP: Stamp = {
  sizeBytes: 10,
  modifiedMs: 2_000,
  contentHash: "sha256:ab",
  handlers: { h: "1" },
  basis: { changedMs: 3_000, partial: true, others: { "/there": true, '/away="é\ud800': false, "/read": "sha256:cd" } },
};

export const writeOf = (path: string, over: Partial<AssetWrite> = {}): AssetWrite => ({
  path,
  properties: {},
  references: {},
  stamp: STAMP,
  jobId: "job",
  ...over,
});

/** Makes an asset's stamp. If the repository compares stamps, it has the asset's own size and modification time. */
export async function fitting(plot: AssetPlot, path: string, stamp: Stamp = STAMP): Promise<Stamp> {
  if (!plot.capabilities.comparesStamps) return stamp;
  const [node] = await plot.repository.stat([path]);
  if (node?.kind !== "asset") return stamp;
  const { sizeBytes, modifiedMs } = node.asset;
  return { ...stamp, sizeBytes, modifiedMs };
}

/** Applies the writes. Fails if one is refused. */
export async function applied(plot: AssetPlot, writes: readonly AssetWrite[]): Promise<void> {
  const fitted: AssetWrite[] = [];
  for (const write of writes) fitted.push({ ...write, stamp: await fitting(plot, write.path, write.stamp) });
  deepStrictEqual(await plot.repository.apply(fitted), []);
}

export const topic = (target: string): AssetReference => ({ kind: "topic", target });

export const resultOf = async (plot: AssetPlot, path: string): Promise<AssetResult | undefined> =>
  (await plot.repository.results([path]))[0];

export const propertiesOf = async (plot: AssetPlot, path: string): Promise<Properties | undefined> =>
  (await resultOf(plot, path))?.properties;

/** Returns the comparable part of a result: without its time, and with references grouped by handler. */
export const shown = (result: AssetResult | undefined) => {
  if (!result) return undefined;
  const { path, properties, references, stamp, jobId } = result;
  const byHandler: Record<string, unknown[]> = {};
  for (const { handler, ...reference } of references) (byHandler[handler] ??= []).push(reference);
  return { path, properties, references: byHandler, stamp, jobId };
};

/** Fails if properties do not stay exactly the same when written, merged over, and merged over again. */
export async function survive(plot: AssetPlot, first: Properties, second: Properties): Promise<void> {
  const path = await plot.put(`/${Object.keys(first).length}-${Object.keys(second).length}`);
  for (const [properties, expected] of [
    [first, first],
    [second, { ...first, ...second }],
    [{ last: "x" }, { ...first, ...second, last: "x" }],
  ] as const) {
    await applied(plot, [writeOf(path, { properties })]);
    deepStrictEqual(await propertiesOf(plot, path), expected);
  }
}
