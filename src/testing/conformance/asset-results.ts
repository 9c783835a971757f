import { deepStrictEqual, ok } from "node:assert/strict";
import type { AssetWrite } from "../../core/asset/asset-result.js";
import { VALUE_GUARANTEES } from "./asset-values.js";
import { contentOf } from "./asset-content.js";
import { rejection } from "./failing.js";
import {
  STAMP,
  applied,
  fitting,
  propertiesOf,
  resultOf,
  shown,
  topic,
  type ResultGuarantee,
  writeOf,
} from "./result-steps.js";

export const RESULT_GUARANTEES: readonly ResultGuarantee[] = [
  {
    guarantee: "results are read as they were written, with stamp and job, dated by the repository's clock",
    async check(plot) {
      const path = await plot.put("/a");
      const reference = { kind: "image", target: "/i.png", external: false, scope: "local", fragment: "f" } as const;
      const properties = { title: "A", count: 3, ok: true, tags: ["x", "y"] };
      const references = { h: [reference, { ...topic("k"), kind: "key", reltable: true } as const] };
      await applied(plot, [writeOf(path, { properties, references })]);
      const result = await resultOf(plot, path);
      deepStrictEqual(shown(result), {
        path,
        properties,
        references,
        stamp: await fitting(plot, path),
        jobId: "job",
      });
      ok(Number.isSafeInteger(result?.at) && (result?.at ?? 0) > 1_000_000_000_000, `at ${result?.at}`);
    },
  },
  {
    guarantee: "results come in the order asked, each path as often as asked, and undefined where nothing was written",
    async check(plot) {
      const [a = "", b = "", c = ""] = await plot.plant(["/a", "/b", "/c"]);
      await applied(plot, [writeOf(a), writeOf(b)]);
      const found = await plot.repository.results([b, plot.at("/nowhere"), a, c, b]);
      deepStrictEqual(
        found.map((result) => result?.path),
        [b, undefined, a, undefined, b],
      );
      deepStrictEqual(await plot.repository.results([]), []);
    },
  },
  {
    guarantee: "properties are merged: a named one is replaced, whatever its value was, and the others stay",
    async check(plot) {
      const path = await plot.put("/a");
      await applied(plot, [writeOf(path, { properties: { a: 1, b: ["x"], c: "c" } })]);
      await applied(plot, [writeOf(path, { properties: { b: "now a text", d: false } })]);
      const merged = { a: 1, b: "now a text", c: "c", d: false };
      deepStrictEqual(await propertiesOf(plot, path), merged);
      await applied(plot, [writeOf(path)]);
      deepStrictEqual(await propertiesOf(plot, path), merged);
    },
  },
  {
    guarantee: "references replace those that the same handler found before, even by none; other handlers' stay",
    async check(plot) {
      const path = await plot.put("/a");
      const write = (references: AssetWrite["references"]) => applied(plot, [writeOf(path, { references })]);
      const found = async () => shown(await resultOf(plot, path))?.references;
      await write({ a: [topic("/1"), topic("/2")], b: [topic("/3")] });
      await write({ a: [topic("/4")] });
      deepStrictEqual(await found(), { a: [topic("/4")], b: [topic("/3")] });
      await write({ a: [] });
      deepStrictEqual(await found(), { b: [topic("/3")] });
      await write({});
      deepStrictEqual(await found(), { b: [topic("/3")] });
    },
  },
  {
    guarantee: "a handler's references keep their order, and one that is listed twice stays listed twice",
    async check(plot) {
      const path = await plot.put("/a");
      const list = ["/z", "/a", "/m", "/a", ...Array.from({ length: 12 }, (_, i) => `/${i}`)].map(topic);
      await applied(plot, [writeOf(path, { references: { a: [topic("/old")], b: [topic("/b")] } })]);
      await applied(plot, [writeOf(path, { references: { a: list } })]);
      deepStrictEqual(shown(await resultOf(plot, path))?.references, { a: list, b: [topic("/b")] });
    },
  },
  {
    guarantee: "stamp and job are those of the last write, even if it has no content hash, or no basis",
    async check(plot) {
      const path = await plot.put("/a");
      await applied(plot, [writeOf(path)]);
      const stamp = { sizeBytes: 0, modifiedMs: 1_761_291_362_776, contentHash: null, handlers: { h: "2", i: "1" } };
      await applied(plot, [writeOf(path, { stamp, jobId: "later" })]);
      const result = await resultOf(plot, path);
      deepStrictEqual([result?.stamp, result?.jobId], [await fitting(plot, path, stamp), "later"]);
      const plain = { ...stamp, basis: { others: {} } };
      await applied(plot, [writeOf(path, { stamp: plain })]);
      deepStrictEqual((await resultOf(plot, path))?.stamp, await fitting(plot, path, plain));
    },
  },
  {
    guarantee: "results that are written twice read as if written once",
    async check(plot) {
      const [once = "", twice = ""] = await plot.plant(["/once", "/twice"]);
      const write = (path: string) =>
        writeOf(path, { properties: { a: 1.5, b: ["x"] }, references: { h: [topic("/1"), topic("/1")], i: [] } });
      await applied(plot, [write(once), write(twice)]);
      await applied(plot, [write(twice)]);
      const [a, b] = await plot.repository.results([once, twice]);
      // Each stamp belongs to its own asset.
      const alike = { path: "", stamp: STAMP };
      deepStrictEqual({ ...shown(b), ...alike }, { ...shown(a), ...alike });
    },
  },
  {
    guarantee: "two writes about one asset in one call are both stored, the second over the first",
    async check(plot) {
      const path = await plot.put("/a");
      await applied(plot, [
        writeOf(path, { properties: { a: 1, b: 1 } }),
        writeOf(path, { properties: { b: 2 }, jobId: "second" }),
      ]);
      const result = await resultOf(plot, path);
      deepStrictEqual([result?.properties, result?.jobId], [{ a: 1, b: 2 }, "second"]);
    },
  },
  {
    guarantee: "large results are all written, those of two writes about one asset merged",
    async check(plot) {
      const paths = await plot.plant(["/a", "/b", "/c", "/d"]);
      const text = (name: string): string => name.repeat(400_000);
      const writes = paths.flatMap((path, i) => [
        writeOf(path, { properties: { x: text(`${i}`), y: "first" } }),
        writeOf(path, { properties: { y: text("y") }, references: { h: [topic(`/t${i}`)] } }),
        writeOf(path),
      ]);
      await applied(plot, writes);
      for (const [i, path] of paths.entries()) {
        const result = await resultOf(plot, path);
        deepStrictEqual(result?.properties, { x: text(`${i}`), y: text("y") });
        deepStrictEqual(result?.references.length, 1);
      }
    },
  },
  {
    guarantee: "a call writes about every asset that it names, in one folder or many, and an empty call writes nothing",
    async check(plot) {
      await applied(plot, []);
      const paths = await plot.plant(Array.from({ length: 60 }, (_, i) => `/f${i % 7}/${i}`));
      await applied(
        plot,
        paths.map((path, i) => writeOf(path, { properties: { i } })),
      );
      const found = await plot.repository.results(paths);
      deepStrictEqual(
        found.map((result) => result?.properties.i),
        paths.map((_, i) => i),
      );
    },
  },
  {
    guarantee: "results change nothing that a scan, `stat` or a read shows: they make no asset new or newer",
    async check(plot) {
      const path = await plot.put("/a.dita", "content");
      await plot.put("/b.dita", "other");
      const before = await plot.assets();
      const properties = { title: "A", tags: ["x"] };
      await applied(plot, [writeOf(path, { properties, references: { h: [topic("/1")] } })]);
      deepStrictEqual(await plot.assets(), before);
      const [asset] = before;
      deepStrictEqual(await plot.repository.stat([path]), [asset && { kind: "asset", asset }]);
      deepStrictEqual((await contentOf(plot, path)).toString(), "content");
    },
  },
  ...VALUE_GUARANTEES,
  {
    guarantee: "a write about an asset that was deleted is refused as GONE and creates nothing; the others are written",
    needs: "refusesGone",
    async check(plot) {
      const [a = "", b = "", c = ""] = await plot.plant(["/a", "/f/b", "/f/c"]);
      const writes = [];
      for (const path of [a, b, c]) {
        writes.push(writeOf(path, { properties: { done: true }, stamp: await fitting(plot, path) }));
      }
      await plot.remove(b);
      const refused = await plot.repository.apply(writes);
      deepStrictEqual(
        refused.map(({ path, code }) => [path, code]),
        [[b, "GONE"]],
      );
      deepStrictEqual(await plot.paths(), [a, c]);
      deepStrictEqual(await plot.repository.stat([b]), [undefined]);
      for (const path of [a, c]) deepStrictEqual(await propertiesOf(plot, path), { done: true });
    },
  },
  {
    guarantee: "a write about an asset that changed meanwhile is refused as CHANGED, and nothing of it is written",
    needs: "comparesStamps",
    async check(plot) {
      const [a = "", b = ""] = await plot.plant(["/a", "/b"]);
      const writes = [];
      for (const path of [a, b]) {
        writes.push(writeOf(path, { properties: { done: true }, stamp: await fitting(plot, path) }));
      }
      await plot.put("/a", "longer than it was before");
      const refused = await plot.repository.apply(writes);
      deepStrictEqual(
        refused.map(({ path, code }) => [path, code]),
        [[a, "CHANGED"]],
      );
      deepStrictEqual(await propertiesOf(plot, b), { done: true });
      ok(!(await propertiesOf(plot, a))?.done, "it was written all the same");
    },
  },
  {
    guarantee: "enlisted results appear with the commit of the transaction that they joined",
    needs: "enlist",
    async check(plot) {
      const path = await plot.put("/a");
      const { enlist } = plot.repository;
      ok(enlist, "the flag says that results can be enlisted");
      await plot.inTransaction(async (tx) => {
        await enlist(tx, [writeOf(path, { properties: { a: 1 }, references: { h: [topic("/1")] } })]);
        deepStrictEqual(await resultOf(plot, path), undefined, "seen before the commit");
      });
      const expected = { path, properties: { a: 1 }, references: { h: [topic("/1")] }, stamp: STAMP, jobId: "job" };
      deepStrictEqual(shown(await resultOf(plot, path)), expected);
      await plot.inTransaction((tx) => enlist(tx, [writeOf(path, { properties: { b: 2 } })]));
      deepStrictEqual(await propertiesOf(plot, path), { a: 1, b: 2 });
    },
  },
  {
    guarantee: "enlisted results vanish with a rollback, for new assets and for known ones",
    needs: "enlist",
    async check(plot) {
      const [known = "", fresh = ""] = await plot.plant(["/known", "/new"]);
      const { enlist } = plot.repository;
      ok(enlist, "the flag says that results can be enlisted");
      await applied(plot, [writeOf(known, { properties: { a: 1 } })]);
      const before = await plot.repository.results([known, fresh]);
      const error = new Error("rolled back");
      const writing = plot.inTransaction(async (tx) => {
        await enlist(tx, [writeOf(known, { properties: { a: 2 } }), writeOf(fresh)]);
        throw error;
      });
      deepStrictEqual(await rejection(writing), error);
      deepStrictEqual(await plot.repository.results([known, fresh]), before);
    },
  },
];
