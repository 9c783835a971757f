import { deepStrictEqual } from "node:assert/strict";
import { assetOf, claimRequest, draftOf, failedWith, partOf, SUCCEEDED } from "./job-steps.js";
import { deepSiblings, longPaths, tooLongPath } from "./long-paths.js";
import { referenceOrder } from "./reference-order.js";
import type { StoreScene } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

export const LONG_PATH_STORE_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  {
    guarantee: "outcomes of assets with paths of 4,096 bytes and more are kept, listed in order, and found by path",
    async check(scene) {
      // A path of more bytes is skipped, but its outcome is kept like any other.
      const tooLong = tooLongPath("/root");
      const paths = [...longPaths("/root"), ...deepSiblings("/root", 30), tooLong].sort(referenceOrder);
      const failing = new Set([paths[3], paths[20]]);
      const entries = paths.map((path) => ({
        asset: assetOf(path),
        ...(path === tooLong ? { skip: "PATH_TOO_LONG" as const } : {}),
      }));
      const job = await scene.discovered(0, { entries, chunkSize: 3 });
      for (const chunk of await scene.claim(job)) {
        const outcome = (_asset: unknown, index: number) =>
          failing.has(paths[(chunk.lease.chunk - 1) * 3 + index]) ? failedWith("BAD", "so long") : SUCCEEDED;
        await scene.chunks.commit([partOf(chunk, { closes: true, outcome })]);
      }
      const listed: string[] = [];
      for (let after; ;) {
        const page = await scene.reports.outcomes(job.id, { limit: 10, ...(after ? { after } : {}) });
        listed.push(...page.outcomes.map(({ path }) => path));
        if (!(after = page.next)) break;
      }
      deepStrictEqual(listed, paths);
      const codeOf = (path: string): string =>
        path === tooLong ? "PATH_TOO_LONG" : failing.has(path) ? "BAD" : "SUCCEEDED";
      const shown = async (asked: readonly string[]) =>
        (await scene.reports.outcomesAt(job.id, asked)).map((one) => one && [one.path, one.code ?? one.outcome]);
      const expected = paths.map((path) => [path, codeOf(path)]);
      deepStrictEqual(await shown(paths), expected);
      for (const [i, path] of paths.entries()) deepStrictEqual(await shown([path]), [expected[i]]);
      deepStrictEqual(await shown([`${paths[7]}=`, `${paths.at(-1)?.slice(0, -1)}=`]), [undefined, undefined]);
      const failed = await scene.reports.outcomes(job.id, { limit: 10, kinds: ["FAILED"] });
      deepStrictEqual(
        failed.outcomes.map(({ path }) => path),
        paths.filter((path) => failing.has(path)),
      );
    },
  },
  {
    guarantee: "a job of a repository with an identity of 4,096 bytes is claimed like any other",
    async check(scene) {
      // Alike up to the last characters.
      const [path = "", ...others] = longPaths("/");
      const other = others.find((one) => one.slice(0, 4_000) === path.slice(0, 4_000));
      const repository = `folder:${path}`;
      const job = await scene.create(draftOf({ repository }));
      deepStrictEqual(await scene.chunks.claim(claimRequest({ repository: `folder:${other}` })), []);
      const [claim] = await scene.chunks.claim(claimRequest({ repository }));
      deepStrictEqual([claim?.job.id, claim?.job.repository], [job.id, repository]);
    },
  },
];
