import { deepStrictEqual, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Asset } from "../../core/asset/asset.js";
import { AssetmillError } from "../../core/errors.js";
import type { AssetSink, IncomingAsset } from "../../core/ports/asset-sink.js";
import type { AssetPlot, AssetRepositoryFlag } from "./asset-plot.js";
import { contentOf } from "./asset-content.js";
import { rejection } from "./failing.js";
import type { Guarantee } from "./suite.js";

type SinkGuarantee = Guarantee<AssetPlot, AssetRepositoryFlag>;

const hashOf = (content: string): string => `sha256:${createHash("sha256").update(content).digest("hex")}`;

export const sinkOf = (plot: AssetPlot): AssetSink => {
  const { sink } = plot.repository;
  ok(sink, "the flag says that assets can be put");
  return sink;
};

/** Makes an asset whose content comes in pieces. If `error` is given, the last piece fails with it. */
export const incoming = (path: string, content: string, over: Partial<Asset> = {}, error?: Error): IncomingAsset => ({
  asset: {
    path,
    fileType: "OTHERS",
    sizeBytes: Buffer.byteLength(content),
    createdMs: 1_500_000_000_000,
    modifiedMs: 1_600_000_000_000,
    ...over,
  },
  async *content() {
    const bytes = Buffer.from(content);
    const half = bytes.length >> 1;
    yield bytes.subarray(0, half);
    if (error) throw error;
    yield bytes.subarray(half);
  },
});

export const SINK_GUARANTEES: readonly SinkGuarantee[] = [
  {
    guarantee: "an asset that is put exists, with its content, type and size, in folders that are created for it",
    needs: "sink",
    async check(plot) {
      const path = plot.at("/new/deep/a.dita");
      const put = incoming(path, "content \u{1f600}", { fileType: "DITATOPIC" });
      const [end] = await sinkOf(plot).put([put]);
      deepStrictEqual(end, { end: "created", contentHash: hashOf("content \u{1f600}") });
      const [asset] = await plot.assets();
      const { fileType, sizeBytes } = put.asset;
      deepStrictEqual(asset && [asset.path, asset.fileType, asset.sizeBytes], [path, fileType, sizeBytes]);
      deepStrictEqual((await contentOf(plot, path)).toString(), "content \u{1f600}");
    },
  },
  {
    guarantee: "an asset that is put keeps its original times",
    needs: "sinkTimes",
    async check(plot) {
      const put = incoming(plot.at("/a"), "x");
      await sinkOf(plot).put([put]);
      const [asset] = await plot.assets();
      deepStrictEqual([asset?.createdMs, asset?.modifiedMs], [put.asset.createdMs, put.asset.modifiedMs]);
    },
  },
  {
    guarantee: "putting an asset again changes nothing and is answered as unchanged",
    needs: "sink",
    async check(plot) {
      const put = incoming(plot.at("/f/a"), "content");
      await sinkOf(plot).put([put]);
      const before = await plot.assets();
      deepStrictEqual(await sinkOf(plot).put([put]), [{ end: "unchanged", contentHash: hashOf("content") }]);
      deepStrictEqual(await plot.assets(), before);
    },
  },
  {
    guarantee: "putting an asset with other content of the same size replaces it",
    needs: "sink",
    async check(plot) {
      const path = plot.at("/a");
      await sinkOf(plot).put([incoming(path, "before")]);
      deepStrictEqual(await sinkOf(plot).put([incoming(path, "later!")]), [
        { end: "replaced", contentHash: hashOf("later!") },
      ]);
      deepStrictEqual((await contentOf(plot, path)).toString(), "later!");
      deepStrictEqual(await plot.paths(), [path]);
    },
  },
  {
    guarantee:
      "puts are answered in the order given; an error about one asset takes its place and does not stop the others",
    needs: "sink",
    async check(plot) {
      const [a, bad, c] = ["/z", "/bad", "/c/1"].map((path) => plot.at(path)) as [string, string, string];
      const broken = incoming(
        bad,
        "half of it",
        {},
        new AssetmillError("READ_FAILED", "broken", { ids: { path: bad } }),
      );
      const ends = await sinkOf(plot).put([incoming(a, "a"), broken, incoming(c, "")]);
      const shown = ends.map((end) => (AssetmillError.is(end) ? [end.code, end.ids.path] : end.contentHash));
      deepStrictEqual(shown, [hashOf("a"), ["READ_FAILED", bad], hashOf("")]);
      deepStrictEqual(await plot.paths(), [c, a]);
      deepStrictEqual(await sinkOf(plot).put([]), []);
    },
  },
  {
    guarantee: "an asset that could not be put completely does not exist; an existing one stays as it was",
    needs: "sink",
    async check(plot) {
      const [known, fresh] = [plot.at("/known"), plot.at("/new/fresh")];
      await sinkOf(plot).put([incoming(known, "before")]);
      const before = await plot.assets();
      const error = new AssetmillError("READ_FAILED", "broken");
      await sinkOf(plot).put([incoming(known, "after and more", {}, error), incoming(fresh, "x", {}, error)]);
      deepStrictEqual(await plot.assets(), before);
      deepStrictEqual((await contentOf(plot, known)).toString(), "before");
    },
  },
  {
    guarantee: "a put whose source is unreachable fails as a whole, and can be repeated",
    needs: "sink",
    async check(plot) {
      const [a, b] = [plot.at("/a"), plot.at("/b")];
      const away = new AssetmillError("UNAVAILABLE", "away");
      const error = await rejection(sinkOf(plot).put([incoming(a, "a"), incoming(b, "b", {}, away)]));
      ok(AssetmillError.is(error) && error.code === "UNAVAILABLE", String(error));
      await sinkOf(plot).put([incoming(a, "a"), incoming(b, "b")]);
      deepStrictEqual(await plot.paths(), [a, b]);
    },
  },
  {
    guarantee: "a put that is told to stop fails with the reason of the abort",
    needs: "sink",
    async check(plot) {
      const stop = new AbortController();
      const reason = new Error("enough");
      stop.abort(reason);
      deepStrictEqual(await rejection(sinkOf(plot).put([incoming(plot.at("/a"), "a")], stop.signal)), reason);
    },
  },
];
