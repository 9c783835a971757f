import { expect } from "chai";
import { claimChunks, discoveredJob, draftOf, partOf } from "../../src/testing/conformance/job-steps.js";
import { costOf } from "../support/builders.js";
import { openStores, type StoreFixture } from "../support/sqlite-store.js";
import { jsonLines, Workbench } from "./workbench.js";

/** A job of which half is done, at a measured speed, when its only worker dies. */
async function abandonedJob(stores: StoreFixture, leaseMs: number): Promise<string> {
  const { id } = await discoveredJob(stores, 20, { draft: draftOf() });
  await stores.database.write((tx) => tx.query("update {lease} set until_ms = 1000 where job_id = ?", [id]));
  const [chunk] = await claimChunks(stores, { id }, { ttlMs: leaseMs, chunks: 1 });
  if (!chunk) throw new Error("no chunk could be claimed");
  const part = partOf(chunk, { indices: [0, 1, 2, 3, 4, 5], closes: false });
  const pace = { types: { DITATOPIC: costOf(6, 600) }, elapsedMs: 600 };
  await stores.chunks.commit([{ ...part, pace }]);
  return id;
}

describe("a job that nobody works on", () => {
  const bench = new Workbench();
  let stores: StoreFixture;
  let at: readonly string[];

  before(async () => {
    stores = await openStores();
    at = ["--store", `sqlite:${stores.file}`];
  });
  after(async () => {
    await bench.dispose();
    await stores.close();
  });

  it("is said to be left since the end of its last lease, with no time left and no speed, in status and history", async () => {
    const before = Date.now();
    const id = await abandonedJob(stores, 0);
    const [status] = jsonLines(await bench.call(["status", id, ...at, "--json"]));
    expect([status.status, status.eta.basis, status.eta.value, status.throughput]).to.deep.equal([
      "PROCESSING",
      "UNKNOWN",
      0,
      null,
    ]);
    expect(status.unattendedSince).to.be.within(before, Date.now());
    const since = new Date(status.unattendedSince).toISOString();
    expect(status.comments).to.equal(`nobody has worked on it since ${since}; it continues once a worker runs`);

    const plain = (await bench.call(["status", id, ...at])).out;
    expect(plain).to.match(new RegExp(`^Status: +PROCESSING \\(no worker since ${since}\\)$`, "m"));
    expect(plain).to.match(/^Left: +-$/m);
    const history = (await bench.call(["history", ...at])).out;
    expect(history.split("\n")[0]).to.match(new RegExp(`^${id} PROCESSING 6/20 /root \\(no worker since ${since}\\)$`));
    await stores.jobs.update(id, ({ job }) => ({ job: { ...job, state: { status: "CANCELLING" } }, lines: [] }));
  });

  it("is told from one that a worker holds a lease of: that one has its remaining time", async () => {
    const id = await abandonedJob(stores, 60_000);
    const [status] = jsonLines(await bench.call(["status", id, ...at, "--json"]));
    expect(status).not.to.have.property("unattendedSince");
    expect([status.eta.basis, status.comments]).to.deep.equal(["ESTIMATE", ""]);
    expect(status.eta.value).to.be.greaterThan(0);
    expect((await bench.call(["status", id, ...at])).out).to.match(/^Status: +PROCESSING$/m);
  });
});
