import { expect } from "chai";
import { type AssetmillOptions, createAssetmill } from "../../src/index.js";
import { endOf, outcomesOf } from "../embedding/host.js";

/** A tree of topics in some repository, changed by a way that keeps sizes and times. */
export interface TopicsUnderTest {
  /** The same assets and the same results each time. */
  readonly options: Pick<AssetmillOptions, "assets" | "store">;
  readonly root: string;
  /** Puts a file below the root. All that are ever put have the same modification time. */
  put(name: string, content: string): Promise<void>;
  remove(name: string): Promise<void>;
}

const topic = (title: string, link = ""): string =>
  `<topic id="t"><title>${title}</title>${link && `<body><p><xref href="${link}"/></p></body>`}</topic>`;

/** What only changed assets means, on any repository. */
export async function checkOnlyChanged({ options, root, put, remove }: TopicsUnderTest): Promise<void> {
  /** Outcome or code by name, and the broken references of a.dita. */
  const run = async (onlyChanged = true): Promise<{ ends: Record<string, string>; broken: unknown }> => {
    const mill = await createAssetmill({ ...options, watchdog: false });
    try {
      const filter = { filterProcessedAssets: onlyChanged };
      const { processingId } = await mill.operator.start({ path: root, type: "ASSET_PROCESSING", filter }, "ann");
      await endOf(mill, processingId);
      const outcomes = Object.entries(await outcomesOf(mill, processingId));
      const result = await mill.operator.results(`${root}/a.dita`);
      return {
        ends: Object.fromEntries(outcomes.map(([name, { outcome, code }]) => [name, code ?? outcome])),
        broken: result?.properties.brokenReferences,
      };
    } finally {
      await mill.close();
    }
  };
  await put("a.dita", topic("A", "b.dita"));
  await put("b.dita", topic("B"));
  await put("c.dita", topic("1.0.3"));
  const unchanged = { "a.dita": "UNCHANGED", "b.dita": "UNCHANGED", "c.dita": "UNCHANGED" };

  const first = await run(false);
  expect(first.ends).to.deep.equal({ "a.dita": "SUCCEEDED", "b.dita": "SUCCEEDED", "c.dita": "SUCCEEDED" });
  expect((await run()).ends, "nothing changed").to.deep.equal(unchanged);

  await remove("b.dita");
  const gone = await run();
  expect(gone.ends, "a link's target went away").to.deep.equal({ "a.dita": "SUCCEEDED", "c.dita": "UNCHANGED" });
  expect(gone.broken).to.deep.equal([`${root}/b.dita`]);
  expect((await run()).ends, "it is still away").to.deep.equal({ "a.dita": "UNCHANGED", "c.dita": "UNCHANGED" });

  await put("b.dita", topic("B"));
  const back = await run();
  expect(back.ends, "it came back").to.include({ "a.dita": "SUCCEEDED", "c.dita": "UNCHANGED" });
  expect(back.broken).to.deep.equal([]);

  await put("c.dita", topic("1.0.4"));
  const changed = await run();
  expect(changed.ends, "content changed under the same size and time").to.deep.equal({
    ...unchanged,
    "c.dita": "SUCCEEDED",
  });
  expect((await run()).ends, "nothing changed any more").to.deep.equal(unchanged);
}
