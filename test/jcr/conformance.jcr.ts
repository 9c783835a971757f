import { setTimeout as sleep } from "node:timers/promises";
import { isReadableName } from "../../src/adapters/assets/jcr/dialects/jcr-names.js";
import { type AssetRepositoryFixture, assetRepositoryConformance } from "../../src/testing/index.js";
import { damAsset, file, folder, JcrFixture } from "./support/fixture.js";
import { plannedLanes, runningLanes } from "./support/servers.js";

type Kind = "dam" | "file";

/** Assets are made as admin over DavEx, whatever the repository under test speaks. */
async function open(lane: string, kind: Kind): Promise<AssetRepositoryFixture> {
  const running = runningLanes().find(({ name }) => name === lane);
  if (!running) throw new Error(`the lane ${lane} is not there`);
  const fixture = await JcrFixture.make(running);
  const { dialect, root, repository } = fixture;
  const known = new Set([root]);
  return {
    repository,
    root,
    put: async (path, content) => {
      const parents = path.split("/").slice(0, -1);
      for (let i = 2; i <= parents.length; i++) {
        const parent = parents.slice(0, i).join("/");
        if (known.has(parent)) continue;
        if (!(await dialect.list(parent, () => false))) await fixture.add(parent, folder());
        known.add(parent);
      }
      const [there] = await dialect.read([path], 0);
      if (there) {
        await fixture.write({ kind: "delete", path });
        // A time of modification of its own: some of our clocks tick in seconds.
        await sleep(5);
      }
      await fixture.add(path, kind === "dam" ? damAsset(content) : file(content));
    },
    remove: (path) => fixture.write({ kind: "delete", path }),
    close: () => fixture.close(),
  };
}

for (const lane of plannedLanes()) {
  for (const kind of ["dam", "file"] as const) {
    // Half a minute and more for each: the other kind is tried on the fast lane alone.
    if (kind === "file" && !lane.includes("DavEx")) continue;
    assetRepositoryConformance(`${lane}, ${kind === "dam" ? "dam:Asset" : "nt:file"}`, () => open(lane, kind), {
      enlist: false,
      sink: true,
      // jcr:created refuses writes.
      sinkTimes: false,
      creationTimes: false,
      refusesGone: true,
      forgetsGone: false,
      comparesStamps: true,
      xmlHeads: true,
      closedFolders: false,
      legalName: isReadableName,
      randomTrees: lane.startsWith("Oak") ? 25 : 8,
    });
  }
}
