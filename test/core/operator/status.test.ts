import { expect } from "chai";
import { systemClock } from "../../../src/adapters/runtime/system-clock.js";
import { Operator } from "../../../src/core/operator/operator.js";
import type { JobStore } from "../../../src/core/ports/job-store.js";
import { MemoryAssetRepository, MemoryStores } from "../../../src/testing/index.js";

const handlers = [{ name: "h", version: "1", process: async () => {} }];

describe("a job's status", () => {
  const { jobs, log, reports } = new MemoryStores();
  const operatorOn = (store: JobStore): Operator =>
    new Operator({
      jobs: store,
      log,
      reports,
      handlers,
      repository: new MemoryAssetRepository({ "/a/1": "x" }),
      ids: { uuid: () => crypto.randomUUID() },
      clock: systemClock,
      onWork: () => {},
    });
  const altered = (over: Partial<JobStore>): JobStore =>
    new Proxy(jobs, {
      get: (store, name: keyof JobStore) => over[name] ?? store[name].bind(store),
    });
  let id: string;
  before(async () => {
    ({ processingId: id } = await operatorOn(jobs).start({ path: "/a", type: "ASSET_PROCESSING" }, "ann"));
  });

  it("is read in one round trip: nothing that it asks the store waits for another answer", async () => {
    const asked: string[] = [];
    let answer = (): void => {};
    const allowed = new Promise<void>((resolve) => (answer = resolve));
    const slow = altered({
      get: (job) => (asked.push("get"), allowed.then(() => jobs.get(job))),
      unattended: (ids) => (asked.push("unattended"), allowed.then(() => jobs.unattended(ids))),
      now: () => (asked.push("now"), allowed.then(() => jobs.now())),
    });
    const status = operatorOn(slow).status(id);
    expect(asked).to.have.members(["get", "unattended", "now"]);
    answer();
    expect(await status).to.include({ processingId: id, status: "WAITING" });
    expect(asked).to.have.length(3);
  });

  it("of a job that does not exist is refused as such, even if the other answer is an error", async () => {
    const failing = altered({ unattended: () => Promise.reject(new Error("no such job")) });
    const refusal: unknown = await operatorOn(failing)
      .status("none")
      .catch((error: unknown) => error);
    expect(refusal).to.include({ code: "JOB_NOT_FOUND" });
  });
});
