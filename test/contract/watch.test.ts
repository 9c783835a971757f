import { expect } from "chai";
import type { JobEvent } from "../../src/core/job/job-event.js";
import { endOf, logOf } from "../embedding/host.js";
import { ContractHost, refusal, request, tree } from "./contract-host.js";

describe("a watched job", () => {
  let host: ContractHost;
  beforeEach(() => {
    host = new ContractHost();
  });
  afterEach(() => host.dispose());

  const slowly = async (_asset: unknown, { logger }: { logger: { info(line: string): void } }): Promise<undefined> => {
    logger.info("worked on");
    await new Promise((over) => setTimeout(over, 5));
    return undefined;
  };

  const lines = (events: readonly JobEvent[]) => events.flatMap((event) => (event.kind === "log" ? [event] : []));

  it("reports every line once, in order, and each status, and ends with the job", async () => {
    const mill = await host.over(tree(200), slowly, { chunkSize: 10, engine: { commitEveryMs: 50 } });
    const { processingId } = await mill.operator.start(request(), "ann");
    const events: JobEvent[] = [];
    for await (const event of mill.operator.events(processingId)) events.push(event);
    const told = lines(events);
    expect(told.map(({ line }) => line)).to.deep.equal(told.map((_, i) => i));
    expect(told.map(({ text }) => text.slice("2026-01-31 08:00:00:000: ".length))).to.deep.equal(
      await logOf(mill, processingId),
    );
    const last = events.at(-1);
    expect(last?.kind === "status" && last.report.status).to.equal("SUCCESS");
    expect(new Set(events.filter(({ kind }) => kind !== "progress").map(({ id }) => id)).size).to.equal(
      events.filter(({ kind }) => kind !== "progress").length,
    );
  });

  it("neither loses nor repeats an event if the watcher disconnects at any event and returns with its id", async () => {
    const mill = await host.over(tree(120), slowly, { chunkSize: 10, engine: { commitEveryMs: 50 } });
    const { processingId } = await mill.operator.start(request(), "ann");
    const events: JobEvent[] = [];
    let after: string | undefined;
    for (let cut = 1, over = false; !over; cut = (cut * 7) % 11 || 1) {
      over = true;
      let seen = 0;
      for await (const event of mill.operator.events(processingId, after === undefined ? {} : { after })) {
        events.push(event);
        after = event.id;
        if (++seen < cut) continue;
        over = false;
        break;
      }
    }
    await endOf(mill, processingId);
    expect(lines(events).map(({ text }) => text.slice("2026-01-31 08:00:00:000: ".length))).to.deep.equal(
      await logOf(mill, processingId),
    );
    const statuses = events.flatMap((event) => (event.kind === "status" ? [event.report.status] : []));
    expect(statuses.at(-1)).to.equal("SUCCESS");
    expect(statuses.filter((status) => status === "SUCCESS")).to.have.length(1);
  });

  it("ends at once for a watcher who knows everything about an ended job, and for one who disconnects", async () => {
    const mill = await host.over(tree(3));
    const { processingId } = await mill.operator.start(request(), "ann");
    await endOf(mill, processingId);
    let after = "";
    for await (const { id } of mill.operator.events(processingId)) after = id;
    for await (const event of mill.operator.events(processingId, { after }))
      throw new Error(`told again: ${event.kind}`);
    const gone = new AbortController();
    gone.abort();
    for await (const event of mill.operator.events(processingId, { signal: gone.signal })) throw new Error(event.kind);
  });

  for (const after of ["x", "-1.", "1", "1.WAITING", "1.WAITING-1-0-WAITING\n", "99999999999999999999."]) {
    it(`does not accept ${JSON.stringify(after)} as an event id`, async () => {
      const mill = await host.over(tree(1), undefined, { autoStart: false });
      const { processingId } = await mill.operator.start(request(), "ann");
      const iterator = mill.operator.events(processingId, { after })[Symbol.asyncIterator]();
      expect(await refusal(iterator.next())).to.equal("INVALID_PARAMETER");
    });
  }

  it("is JOB_NOT_FOUND if it does not exist", async () => {
    const mill = await host.over(tree(1), undefined, { autoStart: false });
    expect(await refusal(mill.operator.events("none")[Symbol.asyncIterator]().next())).to.equal("JOB_NOT_FOUND");
  });
});
