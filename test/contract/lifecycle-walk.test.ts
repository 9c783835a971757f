import { expect } from "chai";
import type { Assetmill, JobReport } from "../../src/index.js";
import { until } from "../cli/workbench.js";
import { endOf } from "../embedding/host.js";
import { checked } from "../support/checked-fetch.js";
import { ContractHost, request, tree } from "./contract-host.js";

const BASE = "http://localhost/bin/guides/v1/assets/process";

type Mill = Awaited<ReturnType<ContractHost["over"]>>;

/** A job brought to a place in the lifecycle by real commits. */
interface Place {
  readonly mill: Mill;
  readonly id: string;
  /** Lets handlers that hang end. */
  readonly release: () => void;
}

/** Every place that a job can be in, as far as an endpoint could tell a difference. */
const PLACES: Readonly<Record<string, (host: ContractHost) => Promise<Place>>> = {
  WAITING: async (host) => {
    const mill = await host.over(tree(3), undefined, { autoStart: false });
    return { mill, id: await start(mill), release: () => {} };
  },
  PROCESSING: (host) => hanging(host),
  "PROCESSING, pausing": async (host) => {
    const place = await hanging(host);
    const report = await place.mill.operator.pause(place.id, "ann");
    expect(report).to.include({ status: "PROCESSING", pausing: true });
    return place;
  },
  "PROCESSING, giving up": async (host) => {
    const place = await hanging(host, { failFirst: true, maxFailures: 0 });
    await until("giving up", async () => {
      const { lines } = await place.mill.operator.logs(place.id);
      return lines.some((line) => line.includes("Giving up"));
    });
    expect(await place.mill.operator.status(place.id)).to.include({ status: "PROCESSING", pausing: false });
    return place;
  },
  CANCELLING: async (host) => {
    const place = await hanging(host);
    expect((await place.mill.operator.cancel(place.id, "ann")).status).to.equal("CANCELLING");
    return place;
  },
  PAUSED: async (host) => {
    const mill = await host.over(tree(3), undefined, { autoStart: false });
    const id = await start(mill);
    expect((await mill.operator.pause(id, "ann")).status).to.equal("PAUSED");
    return { mill, id, release: () => {} };
  },
  "PAUSED with a job queued behind it": async (host) => {
    const mill = await host.over(tree(3), undefined, { autoStart: false });
    const id = await start(mill);
    await mill.operator.pause(id, "ann");
    await start(mill, { onOverlap: "queue" });
    return { mill, id, release: () => {} };
  },
  "WAITING, queued behind a PAUSED one": async (host) => {
    const mill = await host.over(tree(3), undefined, { autoStart: false });
    await mill.operator.pause(await start(mill), "ann");
    return { mill, id: await start(mill, { onOverlap: "queue" }), release: () => {} };
  },
  "SUCCESS of a dry run": async (host) => {
    const mill = await host.over(tree(3));
    const id = await start(mill, { dryRun: true });
    await endOf(mill, id);
    return { mill, id, release: () => {} };
  },
  "SUCCESS of a listing": async (host) => {
    const mill = await host.over(tree(3));
    const { jobId } = await mill.operator.askAssetStatus({ path: "/a" }, "ann");
    await endOf(mill, jobId);
    return { mill, id: jobId, release: () => {} };
  },
  SUCCESS: (host) => ended(host, () => undefined, "SUCCESS"),
  "SUCCESS with a failure": (host) => ended(host, failOn("/a/1.txt"), "SUCCESS"),
  "FAILURE with nothing left": (host) => ended(host, failOn("/a/"), "FAILURE"),
  "FAILURE with something left": async (host) => {
    const place = await hanging(host, { failFirst: true, maxFailures: 0 });
    await until("giving up", async () => (await place.mill.operator.logs(place.id)).lines.join().includes("Giving up"));
    place.release();
    expect(await endOf(place.mill, place.id)).to.include({ status: "FAILURE", resumable: true });
    return place;
  },
  "CANCELLED with something left": async (host) => {
    const mill = await host.over(tree(3), undefined, { autoStart: false });
    const id = await start(mill);
    expect((await mill.operator.cancel(id, "ann")).status).to.equal("CANCELLED");
    return { mill, id, release: () => {} };
  },
  "CANCELLED with nothing left": async (host) => {
    const place = await hanging(host, { heedless: true });
    expect((await place.mill.operator.cancel(place.id, "ann")).status).to.equal("CANCELLING");
    place.release();
    const report = await endOf(place.mill, place.id);
    expect(report).to.include({ status: "CANCELLED", processedCount: 1, resumable: false });
    return place;
  },
};

const start = async (mill: Assetmill, over: object = {}): Promise<string> =>
  (await mill.operator.start(request(over), "ann")).processingId;

const failOn = (prefix: string) => (asset: { path: string }) => {
  if (asset.path.startsWith(prefix)) throw new Error("no");
  return undefined;
};

async function ended(host: ContractHost, process: Parameters<ContractHost["over"]>[1], status: string): Promise<Place> {
  const mill = await host.over(tree(3), process);
  const id = await start(mill);
  expect((await endOf(mill, id)).status).to.equal(status);
  return { mill, id, release: () => {} };
}

/** A job whose last asset is in a handler that ends only when it is let. */
async function hanging(
  host: ContractHost,
  options: { failFirst?: boolean; maxFailures?: number; heedless?: boolean } = {},
): Promise<Place> {
  const { failFirst = false, maxFailures, heedless = false } = options;
  const count = heedless ? 1 : 3;
  let begun = false;
  let release = (): void => {};
  const gate = new Promise<void>((over) => (release = over));
  const mill = await host.over(
    tree(count),
    async ({ path }, { signal }) => {
      if (failFirst && path === "/a/0.txt") throw new Error("no");
      begun = true;
      await gate;
      if (!heedless) signal.throwIfAborted();
    },
    // Two in flight: one that fails, and one that hangs.
    { concurrency: 2, engine: { commitEveryMs: 20, drainMs: 50 } },
  );
  const id = await start(mill, maxFailures === undefined ? {} : { maxFailures });
  await until("the handler at work", () => begun);
  return { mill, id, release };
}

const ACTIONS = ["cancel", "pause", "resume", "restart", "retry-failed"] as const;

/** What the flags, and the contract where there is no flag, say of an action. */
function accepted(action: (typeof ACTIONS)[number], report: JobReport, givingUp: boolean): boolean {
  switch (action) {
    case "cancel":
      // Asked again, it is answered again.
      return report.cancellable || report.status === "CANCELLING" || report.status === "CANCELLED";
    case "pause":
      return report.status === "WAITING" || (report.status === "PROCESSING" && !givingUp);
    case "resume":
      return report.resumable;
    case "restart":
      return report.restartable;
    case "retry-failed":
      return report.restartable && report.failedCount > 0;
  }
}

describe("every action in every state of the lifecycle", () => {
  let host: ContractHost;
  beforeEach(() => {
    host = new ContractHost();
  });
  afterEach(() => host.dispose());

  for (const [name, reach] of Object.entries(PLACES)) {
    for (const action of ACTIONS) {
      it(`does what the flags say: ${action} at ${name}`, async () => {
        const { mill, id, release } = await reach(host);
        try {
          const before = await mill.operator.status(id);
          const url = new URL(`${BASE}/${action}`);
          const response = await checked(
            "POST",
            url,
            await mill.fetch(
              new Request(url, {
                method: "POST",
                headers: { authorization: `Bearer ${mill.token}`, "content-type": "application/json" },
                body: JSON.stringify({ processingId: id }),
              }),
            ),
          );
          const answer = (await response.json()) as Record<string, unknown>;
          if (accepted(action, before, name.endsWith("giving up"))) {
            expect(response.status, JSON.stringify(answer)).to.equal(200);
            const isNew = action === "restart" || action === "retry-failed";
            expect(answer.processingId === id).to.equal(!isNew);
            if (!isNew) expect(AFTER[action]).to.include(answer.status);
          } else {
            expect(response.status, JSON.stringify(answer)).to.equal(400);
            expect(answer).to.include({ code: "ILLEGAL_STATE", jobStatus: before.status, processingId: id });
            const after = await mill.operator.status(id);
            expect([after.status, after.attempt]).to.deep.equal([before.status, before.attempt]);
          }
        } finally {
          release();
        }
      });
    }
  }
});

const AFTER: Readonly<Record<"cancel" | "pause" | "resume", readonly string[]>> = {
  cancel: ["CANCELLING", "CANCELLED"],
  pause: ["PAUSED", "PROCESSING"],
  resume: ["WAITING", "PROCESSING", "SUCCESS"],
};
