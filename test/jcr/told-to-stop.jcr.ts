import { expect } from "chai";
import { until } from "../cli/workbench.js";
import { endOf, Host } from "../embedding/host.js";
import { forEachLane } from "./support/fixture.js";
import { type Recorded, startProxy } from "./support/recording-proxy.js";
import { WORKSPACE } from "./support/servers.js";
import { itMeasures } from "../support/timed.js";

/** About a second on a machine that has nothing else to do; a request that is waited for to its end takes a minute. */
const WITHIN_MS = 3_000;
const LEFT_WITHIN_MS = 500;

const isContent = ({ path }: Recorded): boolean => path.endsWith("/jcr%3Adata");
const isRead = ({ method, path }: Recorded): boolean => path.endsWith(".json") || method === "PROPFIND";
const isWrite = ({ method, path }: Recorded): boolean => method === "POST" && !path.endsWith(".json");

/** What the server keeps without an answer, from when on. */
const HANGS: Readonly<
  Record<string, { readonly at: "start" | "first asset" | "content"; which: (one: Recorded) => boolean }>
> = {
  "on everything": { at: "start", which: () => true },
  "while it lists": { at: "start", which: isRead },
  "while an asset is read": { at: "first asset", which: isContent },
  "while what is to be written is looked at": { at: "content", which: isRead },
  "while results are written": { at: "content", which: isWrite },
};

forEachLane("a job that is told to stop while its server hangs", (at) => {
  for (const [when, { at: moment, which }] of Object.entries(HANGS)) {
    for (const deed of ["cancel", "pause"] as const) {
      const stopWhileHanging = async (): Promise<{ readonly stoppedMs: number; readonly leftMs: number }> => {
        const { root, lane } = at();
        await at().files("dam", ...Array.from({ length: 12 }, (_, i) => `f${i % 3}/a${i}`));
        const proxy = await startProxy(lane.origin);
        const host = new Host();
        try {
          let mended = false;
          const hang = (): void => {
            if (!mended) proxy.hold(which);
          };
          const plugin = {
            name: "own",
            version: "1",
            process: async (_asset: unknown, context: { text(): Promise<string> }) => {
              if (moment === "first asset") hang();
              const read = await context.text();
              if (moment === "content") hang();
              return { properties: { read } };
            },
          };
          const assets = at().open({ url: proxy.origin });
          const mill = await host.mill({ assets, plugins: [plugin], builtIns: false, chunkSize: 4, concurrency: 2 });
          const { processingId } = await mill.operator.start({ path: root, type: "ASSET_PROCESSING" }, "test");
          if (moment === "start") hang();
          await until("the server hangs", () => proxy.held > 0, 20_000);
          const began = performance.now();
          await mill.operator[deed](processingId, "test");
          const goal = deed === "cancel" ? "CANCELLED" : "PAUSED";
          const report = await until(
            goal,
            async () => {
              const now = await mill.operator.status(processingId);
              return now.status === goal ? now : undefined;
            },
            30_000,
          );
          const stoppedMs = performance.now() - began;
          await until("no request is left", () => proxy.held === 0);
          const leftMs = performance.now() - began - stoppedMs;
          expect(report.failedCount).to.equal(0);
          mended = true;
          proxy.hold(undefined);
          await mill.operator.resume(processingId, "test");
          const ended = await endOf(mill, processingId, 60_000);
          expect([ended.status, ended.succeededCount]).to.deep.equal(["SUCCESS", 12]);
          return { stoppedMs, leftMs };
        } finally {
          await proxy.close();
          await host.dispose();
        }
      };
      itMeasures(
        `completes its ${deed} (${when}), leaves no request, and can be resumed`,
        stopWhileHanging,
        `completes its ${deed} (${when}) within about a second, and leaves no request for longer`,
        ({ stoppedMs, leftMs }) => {
          expect(stoppedMs, "ms until it has stopped").to.be.below(WITHIN_MS);
          expect(leftMs, "ms until no request is left").to.be.below(LEFT_WITHIN_MS);
        },
      );
    }
  }

  const closeWhileHanging = async (): Promise<number> => {
    const { root, lane } = at();
    await at().files("dam", "a");
    const proxy = await startProxy(lane.origin);
    const host = new Host();
    try {
      const mill = await host.mill({ assets: at().open({ url: proxy.origin }) });
      await mill.operator.start({ path: root, type: "ASSET_PROCESSING" }, "test");
      proxy.hold(({ path }) => path.startsWith(WORKSPACE) || path.startsWith(root));
      await until("the server hangs", () => proxy.held > 0, 20_000);
      const began = performance.now();
      await mill.close();
      return performance.now() - began;
    } finally {
      await proxy.close();
      await host.dispose();
    }
  };
  itMeasures("lets its process close", closeWhileHanging, "lets its process close within 15 seconds", (tookMs) =>
    expect(tookMs).to.be.below(15_000),
  );
});
