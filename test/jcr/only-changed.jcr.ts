import { Workbench } from "../cli/workbench.js";
import { checkOnlyChanged } from "../support/only-changed-suite.js";
import { damAsset, file, forEachLane } from "./support/fixture.js";

const INSTANT = new Date("2026-01-07T10:11:12.000Z");

forEachLane("only changed assets are processed, and all that are affected by a change", (at) => {
  let bench: Workbench;
  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  for (const kind of ["dam", "file"] as const) {
    it(kind === "dam" ? "among dam:Assets" : "among plain files", async () => {
      const remove = (name: string): Promise<void> => at().write({ kind: "delete", path: `${at().root}/${name}` });
      const there = new Set<string>();
      await checkOnlyChanged({
        options: {
          // Anew for each job: it is closed with its mill.
          get assets() {
            return at().open();
          },
          store: bench.store,
        },
        root: at().root,
        put: async (name, content) => {
          if (there.has(name)) await remove(name);
          there.add(name);
          const path = `${at().root}/${name}`;
          await at().add(path, kind === "dam" ? damAsset(content) : file(content));
          const binary = kind === "dam" ? "/jcr:content/renditions/original" : "";
          const node = `${path}${binary}/jcr:content`;
          await at().write({ kind: "set", node, name: "jcr:lastModified", value: INSTANT });
        },
        remove: async (name) => {
          there.delete(name);
          await remove(name);
        },
      });
    });
  }
});
