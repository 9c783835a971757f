import { deepStrictEqual, ok } from "node:assert/strict";
import type { AssetPlot, AssetRepositoryFlag } from "./asset-plot.js";
import { rejectsWith } from "./failing.js";
import type { Guarantee } from "./suite.js";

type ContentGuarantee = Guarantee<AssetPlot, AssetRepositoryFlag>;

const LARGE_BYTES = 2_000_000;

const piecesOf = async (plot: AssetPlot, path: string, signal?: AbortSignal): Promise<Uint8Array[]> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of plot.repository.read(path, signal)) pieces.push(piece);
  return pieces;
};

export const contentOf = async (plot: AssetPlot, path: string): Promise<Buffer> =>
  Buffer.concat(await piecesOf(plot, path));

const bytesOf = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => (i * 7 + (i >> 8)) % 256);

export const CONTENT_GUARANTEES: readonly ContentGuarantee[] = [
  {
    guarantee: "an asset has its path, size and times, the same in a scan as in `stat`",
    async check(plot) {
      const path = await plot.put("/a/b.dita", "12345");
      const [asset] = await plot.assets();
      ok(asset, "the scan found nothing");
      deepStrictEqual([asset.path, asset.sizeBytes, asset.fileType], [path, 5, "DITATOPIC"]);
      for (const time of [asset.createdMs, asset.modifiedMs]) ok(Number.isSafeInteger(time) && time >= 0, `${time}`);
      deepStrictEqual(await plot.repository.stat([path]), [{ kind: "asset", asset }]);
    },
  },
  {
    guarantee: "an asset's type is that of its name",
    async check(plot) {
      const names = { "a.dita": "DITATOPIC", "b.DITAMAP": "DITAMAP", "c.md": "MARKDOWN", "d.htm": "HTML/CSS" };
      const all = { ...names, "e.ditaval": "DITAVAL", "f.jpg": "OTHERS", g: "OTHERS", "h.dita.bak": "OTHERS" };
      for (const name of Object.keys(all)) await plot.put(`/${name}`, "");
      const assets = await plot.assets();
      const types = assets.map(({ path, fileType }) => [path.slice(plot.root.length + 1), fileType]);
      deepStrictEqual(Object.fromEntries(types), all);
    },
  },
  {
    guarantee: "an asset named .xml has the type that its head gives away, whatever its encoding",
    needs: "xmlHeads",
    async check(plot) {
      await plot.put("/a.xml", '<?xml version="1.0"?><!-- x --><topic id="a"/>');
      await plot.put("/b.xml", "\uFEFF<map/>");
      await plot.put("/c.xml", "<project/>");
      await plot.put("/d.xml", "");
      await plot.put("/e.xml", Buffer.from('<?xml version="1.0" encoding="UTF-16"?><topic/>', "utf16le"));
      await plot.put("/f.xml", Buffer.from('<?xml version="1.0" encoding="no-such"?><map title="\xe9"/>', "latin1"));
      const types = (await plot.assets()).map(({ fileType }) => fileType);
      deepStrictEqual(types, ["DITATOPIC", "DITAMAP", "OTHERS", "OTHERS", "DITATOPIC", "DITAMAP"]);
    },
  },
  {
    guarantee: "`stat` answers in the order asked, each path as often as asked, and undefined where no asset exists",
    async check(plot) {
      const [a = "", b = ""] = await plot.plant(["/f/a", "/f/b"]);
      const folder = plot.at("/f");
      const found = await plot.repository.stat([b, `${a}x`, folder, a, b, `${a}/below`]);
      const shown = found.map((node) => node && [node.kind, node.kind === "asset" ? node.asset.path : node.path]);
      const asset = (path: string) => ["asset", path];
      deepStrictEqual(shown, [asset(b), undefined, ["folder", folder], asset(a), asset(b), undefined]);
      deepStrictEqual(await plot.repository.stat([]), []);
    },
  },
  {
    guarantee: "`stat` reports the current state: what has changed, and what has been deleted",
    async check(plot) {
      const path = await plot.put("/a", "1");
      await plot.put("/a", "now longer");
      const [changed] = await plot.repository.stat([path]);
      deepStrictEqual(changed?.kind === "asset" && changed.asset.sizeBytes, 10);
      await plot.remove(path);
      deepStrictEqual(await plot.repository.stat([path]), [undefined]);
    },
  },
  {
    guarantee: "`names` lists what is directly in a folder, once each, and nothing for what is no folder",
    needs: "names",
    async check(plot) {
      const [asset = ""] = await plot.plant(["/f/a", "/f/b/c", "/f/b/d/e", "/f/b-c", "/f/z", "/g"]);
      const names = async (path: string): Promise<readonly string[] | undefined> => {
        const found = await plot.repository.names?.(plot.at(path), 100);
        return found && [...found].sort();
      };
      deepStrictEqual(await names("/f"), ["a", "b", "b-c", "z"]);
      deepStrictEqual(await names("/f/b"), ["c", "d"]);
      for (const path of ["/nowhere", "/f/nowhere/deeper"]) deepStrictEqual(await names(path), undefined, path);
      deepStrictEqual(await plot.repository.names?.(asset, 100), undefined);
    },
  },
  {
    guarantee: "`names` keeps the case and the Unicode form of each name, and lists no more of them than asked for",
    needs: "names",
    async check(plot) {
      const planted = await plot.plant(["/e\u0301.dita", "/Logo.PNG", "/c", "/d"]);
      const own = planted.map((path) => path.slice(plot.root.length + 1)).sort();
      deepStrictEqual([...((await plot.repository.names?.(plot.root, 100)) ?? [])].sort(), own);
      const some = (await plot.repository.names?.(plot.root, 2)) ?? [];
      deepStrictEqual([some.length, some.every((name) => own.includes(name))], [2, true]);
    },
  },
  {
    guarantee: "content is read byte for byte, whatever the bytes and the name",
    async check(plot) {
      const contents: readonly (readonly [string, Uint8Array])[] = [
        ["/a", Uint8Array.from({ length: 256 }, (_, i) => i)],
        ["/text", Buffer.from("\uFEFFé\r\n\u{1f600}")],
      ];
      for (const [path, content] of contents) {
        deepStrictEqual(await contentOf(plot, await plot.put(path, content)), Buffer.from(content));
      }
      for (const path of await plot.plant(["/b c", "/100%", "/a%41", "/e\u0301", "/+", "/\u{1f600}", "/#", "/q"])) {
        deepStrictEqual((await contentOf(plot, path)).toString(), path.slice(plot.root.length));
      }
    },
  },
  {
    guarantee: "an empty asset is read as empty",
    async check(plot) {
      deepStrictEqual((await contentOf(plot, await plot.put("/empty", ""))).length, 0);
    },
  },
  {
    guarantee: "large content comes in several pieces, byte for byte",
    async check(plot) {
      const content = bytesOf(LARGE_BYTES);
      const pieces = await piecesOf(plot, await plot.put("/large.bin", content));
      ok(pieces.length > 1, "it came in one piece");
      ok(Buffer.concat(pieces).equals(content), "the content differs");
    },
  },
  {
    guarantee: "a read after a change returns the new content",
    async check(plot) {
      const path = await plot.put("/a", "before");
      deepStrictEqual((await contentOf(plot, path)).toString(), "before");
      await plot.put("/a", "after");
      deepStrictEqual((await contentOf(plot, path)).toString(), "after");
    },
  },
  {
    guarantee: "a read fails with GONE and names the path if there is no asset, it was deleted, or a folder is there",
    async check(plot) {
      const [asset = "", gone = ""] = await plot.plant(["/f/a", "/f/b"]);
      await plot.paths();
      await plot.remove(gone);
      for (const path of [plot.at("/nowhere"), `${asset}/below`, plot.at("/f"), gone]) {
        await rejectsWith(piecesOf(plot, path), "GONE", { path });
      }
    },
  },
];
