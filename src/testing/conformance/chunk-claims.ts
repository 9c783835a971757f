import { deepStrictEqual, ok } from "node:assert/strict";
import type { ChunkClaim } from "../../core/job/chunk.js";
import type { Job } from "../../core/job/job.js";
import { entriesIn } from "../../core/job/manifest.js";
import { claimRequest, draftOf, entriesOf, pathsOf } from "./job-steps.js";
import { RUN_OUT, type StoreScene, STOPS } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

type ClaimGuarantee = Guarantee<StoreScene>;

const numbersOf = (chunks: readonly ChunkClaim[]): readonly number[] => chunks.map(({ lease }) => lease.chunk);
const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, i) => i + 1);

export const CLAIM_GUARANTEES: readonly ClaimGuarantee[] = [
  {
    guarantee:
      "a claim of a new job claims its discovery from the beginning, and moves the job from WAITING to PROCESSING",
    async check(scene) {
      const job = await scene.create();
      const [claim, ...others] = await scene.chunks.claim(claimRequest());
      const lease = { jobId: job.id, chunk: 0, epoch: 1 };
      deepStrictEqual(claim?.discovery, { lease, part: 0, cursor: undefined, nextChunk: 1, takenOver: false });
      deepStrictEqual([claim?.chunks, others], [[], []]);
      deepStrictEqual(claim?.job.state, { status: "PROCESSING", pausing: false });
      deepStrictEqual(await scene.now(job), claim?.job);
      ok((claim?.job.startedAtMs ?? 0) >= job.createdAtMs, "it has not begun");
    },
  },
  {
    guarantee: "a claim takes chunks in path order with their manifests, no more than requested, and counts them once",
    async check(scene) {
      const job = await scene.discovered(35);
      const [claim] = await scene.chunks.claim(claimRequest({ chunks: 3 }));
      deepStrictEqual(
        claim?.chunks.map(({ lease, takenOver }) => [lease.chunk, lease.epoch, takenOver]),
        [1, 2, 3].map((chunk) => [chunk, 1, false]),
      );
      deepStrictEqual(
        claim?.chunks.flatMap(({ entries }) => entriesIn(entries)),
        entriesOf(pathsOf(30)),
      );
      deepStrictEqual(claim?.chunks[0]?.open, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      deepStrictEqual((await scene.now(job)).triggered, 30);
      deepStrictEqual(numbersOf(await scene.claim(job)), [4]);
      deepStrictEqual((await scene.now(job)).triggered, 35);
    },
  },
  {
    guarantee: "a claim takes nothing twice, and changes nothing if nothing is free or wanted",
    async check(scene) {
      const job = await scene.discovered(35);
      await scene.changesNothing(async () => {
        deepStrictEqual(await scene.chunks.claim(claimRequest({ chunks: 0, discoveries: 0 })), []);
      });
      deepStrictEqual((await scene.claim(job)).length, 4);
      await scene.changesNothing(async () => deepStrictEqual(await scene.chunks.claim(claimRequest()), []));
    },
  },
  {
    guarantee: "when many claim at once, on two nodes, each chunk has one winner",
    async check(scene) {
      const job = await scene.discovered(200);
      const other = await scene.another();
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          scene.claim(job, { chunks: 3, owner: `node-${i}` }, i % 2 ? other : scene),
        ),
      );
      deepStrictEqual(
        [...numbersOf(claims.flat())].sort((a, b) => a - b),
        upTo(20),
      );
    },
  },
  {
    guarantee: "when many claim at once, on two nodes, a discovery has one winner",
    async check(scene) {
      const job = await scene.create();
      const other = await scene.another();
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          (i % 2 ? other : scene).chunks.claim(claimRequest({ owner: `node-${i}` })),
        ),
      );
      deepStrictEqual(
        claims.flat().map(({ discovery }) => discovery?.lease),
        [{ jobId: job.id, chunk: 0, epoch: 1 }],
      );
    },
  },
  {
    guarantee: "a claim leaves out assets that a skip rule decided, and chunks that contain nothing else",
    async check(scene) {
      const entries = entriesOf(pathsOf(20)).map((entry, i) =>
        i === 3 || i >= 10 ? { ...entry, skip: "SUB_ASSET" as const } : entry,
      );
      const job = await scene.discovered(0, { entries });
      const chunks = await scene.claim(job);
      deepStrictEqual(numbersOf(chunks), [1]);
      deepStrictEqual(chunks[0]?.open, [0, 1, 2, 4, 5, 6, 7, 8, 9]);
      deepStrictEqual(entriesIn(chunks[0]?.entries ?? []), entries.slice(0, 10));
      const { triggered, openChunks } = await scene.now(job);
      deepStrictEqual([triggered, openChunks], [9, 1]);
    },
  },
  {
    guarantee: "a manifest returns every field of its assets",
    async check(scene) {
      const asset = {
        path: "/root/é'\"\\ \u{1f600}.md",
        fileType: "HTML/CSS",
        sizeBytes: 2 ** 40,
        createdMs: 0,
        modifiedMs: 1_761_291_362_776,
      } as const;
      const entries = [
        { asset },
        { asset: { ...asset, path: "/root/é1", contentHash: "sha256:ab" } },
        { asset: { ...asset, path: "/root/é2", contentFragment: true }, skip: "CONTENT_FRAGMENT" },
        {
          asset: { ...asset, path: "/root/é3", unreadable: { code: "ACCESS_DENIED", message: "denied" } },
        },
      ] as const;
      const chunk = await scene.oneChunk(await scene.discovered(0, { entries }));
      deepStrictEqual(entriesIn(chunk.entries), entries);
    },
  },
  {
    guarantee: "jobs are claimed by priority, then by creation",
    async check(scene) {
      const jobs: Job[] = [];
      for (const [i, priority] of [5, 0, 9, 0].entries()) {
        jobs.push(await scene.create(draftOf({}, { paths: [`/${i}`], priority })));
      }
      const claims = await scene.chunks.claim(claimRequest({ discoveries: 4 }));
      deepStrictEqual(
        claims.map(({ job }) => job.id),
        [1, 3, 0, 2].map((i) => jobs[i]?.id),
      );
    },
  },
  {
    guarantee: "a claim's limits apply to all jobs together",
    async check(scene) {
      for (const path of ["/a", "/b"]) await scene.discovered(20, { draft: draftOf({}, { paths: [path] }) });
      for (const path of ["/c", "/d", "/e"]) await scene.create(draftOf({}, { paths: [path] }));
      const claims = await scene.chunks.claim(claimRequest({ chunks: 3, discoveries: 2 }));
      const taken = claims.map(({ chunks, discovery }) => [chunks.length, discovery === undefined ? 0 : 1]);
      deepStrictEqual(taken, [
        [2, 0],
        [1, 0],
        [0, 1],
        [0, 1],
      ]);
    },
  },
  {
    guarantee: "a claim takes only jobs of its repository for which the node has every handler",
    async check(scene) {
      await scene.create(draftOf({ repository: "folder:/other" }));
      await scene.create(draftOf({ handlers: ["h", "exotic"] }, { paths: ["/a"] }));
      const mine = await scene.create(draftOf({ handlers: ["h"] }, { paths: ["/b"] }));
      const claims = await scene.chunks.claim(claimRequest({ discoveries: 9, handlers: ["other", "h"] }));
      deepStrictEqual(
        claims.map(({ job }) => job.id),
        [mine.id],
      );
    },
  },
  {
    guarantee: "a claim of one job takes nothing of the others",
    async check(scene) {
      await scene.create(draftOf({}, { paths: ["/a"] }));
      const mine = await scene.create(draftOf({}, { paths: ["/b"] }));
      const claims = await scene.chunks.claim(claimRequest({ discoveries: 9, jobId: mine.id }));
      deepStrictEqual(
        claims.map(({ job }) => job.id),
        [mine.id],
      );
    },
  },
  ...STOPS.map(([how]): ClaimGuarantee => ({
    guarantee: `a claim takes nothing of a job that was told to stop (${how}), not even its expired leases`,
    async check(scene) {
      const job = await scene.discovered(30);
      await scene.oneChunk(job);
      await scene.oneChunk(job, RUN_OUT);
      await scene.stop(job, how);
      await scene.changesNothing(async () => deepStrictEqual(await scene.claim(job), []));
    },
  })),
  {
    guarantee: "a claim takes nothing of a job that is PAUSED or has ended, and takes what is left once it is resumed",
    async check(scene) {
      const job = await scene.discovered(20);
      await scene.stop(job, "pause");
      deepStrictEqual(await scene.status(job), "PAUSED");
      deepStrictEqual(await scene.claim(job), []);
      await scene.resume(job);
      await scene.stop(job, "cancel");
      deepStrictEqual(await scene.claim(job), []);
      await scene.resume(job);
      deepStrictEqual((await scene.claim(job)).length, 2);
      deepStrictEqual((await scene.now(job)).attempt, 2);
    },
  },
];
