import { deepStrictEqual } from "node:assert/strict";
import { CONTENT_GUARANTEES } from "./asset-content.js";
import {
  type AssetRepositoryCapabilities,
  type AssetRepositoryFixture,
  type AssetRepositoryFlag,
  AssetPlot,
} from "./asset-plot.js";
import { RESULT_GUARANTEES } from "./asset-results.js";
import { SCAN_GUARANTEES } from "./asset-scan.js";
import { SINK_GUARANTEES } from "./asset-sink.js";
import { type Guarantee, type Suite, type TestHost, testSuite } from "./suite.js";

/** The guarantees of every AssetRepository, and those that depend on its flags. */
export const ASSET_REPOSITORY_GUARANTEES: readonly Guarantee<AssetPlot, AssetRepositoryFlag>[] = [
  {
    guarantee: "the flags say what the repository can do",
    async check({ repository, capabilities }) {
      const { enlist, sink } = capabilities;
      deepStrictEqual(
        { enlist: repository.enlist !== undefined, sink: repository.sink !== undefined },
        { enlist, sink },
      );
    },
  },
  ...SCAN_GUARANTEES,
  ...CONTENT_GUARANTEES,
  ...RESULT_GUARANTEES,
  ...SINK_GUARANTEES,
];

/** Notes for the title, so that names which the suite leaves out are not a silent gap. */
const notesOn = ({ legalName, foldsNames = false }: AssetRepositoryCapabilities): readonly string[] => [
  ...(legalName ? ["without the names that are not legal there"] : []),
  ...(foldsNames ? ["without names that differ in case or Unicode form alone"] : []),
];

/**
 * Makes a suite on one repository, opened at the first check and closed after the last. Each check has its own folder.
 */
export function assetRepositorySuite(
  name: string,
  open: () => Promise<AssetRepositoryFixture>,
  capabilities: AssetRepositoryCapabilities,
): Suite<AssetPlot, AssetRepositoryFlag> {
  const { enlist, sink, sinkTimes, creationTimes, refusesGone, comparesStamps, xmlHeads, closedFolders } = capabilities;
  let opened: Promise<AssetRepositoryFixture> | undefined;
  let plots = 0;
  return {
    title: [`${name} as an AssetRepository`, ...notesOn(capabilities)].join(", "),
    guarantees: ASSET_REPOSITORY_GUARANTEES,
    flags: { enlist, sink, sinkTimes, creationTimes, refusesGone, comparesStamps, xmlHeads, closedFolders },
    run: async (check) => {
      const fixture = await (opened ??= open());
      const root = `${fixture.root === "/" ? "" : fixture.root}/check${++plots}`;
      await check(new AssetPlot(fixture, root, capabilities));
    },
    close: async () => (await opened)?.close(),
  };
}

/** Tests that an adapter keeps the guarantees of the AssetRepository port. */
export const assetRepositoryConformance = (
  name: string,
  open: () => Promise<AssetRepositoryFixture>,
  capabilities: AssetRepositoryCapabilities,
  host?: TestHost,
): void => testSuite(assetRepositorySuite(name, open, capabilities), host);
