import { chmod, mkdir, mkdtemp, rename, rm, stat, symlink, unlink, utimes, writeFile } from "node:fs/promises";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import fc from "fast-check";
import { AssetmillError } from "../../../../src/core/errors.js";
import { comparePaths } from "../../../../src/core/asset/path.js";
import { covers, scopeOf } from "../../../../src/core/asset/scope.js";
import { asNobody } from "../../../support/as-nobody.js";
import { rejection } from "../../../support/deferred.js";
import { type FolderFixture, openFolder, scanned } from "../../../support/folder-repository.js";
import { anyName, referenceOrder } from "../../../support/path-order.js";

const ALL = { fileTypes: [] };

/** Paths of files that can stand in one tree: none is a folder of another. */
const anyTree = fc
  .array(
    fc.array(anyName, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join("/")}`),
    { minLength: 1, maxLength: 12 },
  )
  .map((paths) => {
    const unique = [...new Set(paths)];
    return unique.filter((path) => !unique.some((other) => other.startsWith(`${path}/`)));
  });

describe("a scan of a folder", function () {
  let fixture: FolderFixture;
  beforeEach(async () => {
    fixture = await openFolder();
  });
  afterEach(() => fixture.close());

  /** A random tree in a folder of its own, below which everything is asked. */
  const plant = async (paths: readonly string[]): Promise<{ root: string; files: string[] }> => {
    const root = `/${(await mkdtemp(join(fixture.folder, "t"))).slice(fixture.folder.length + 1)}`;
    const files = paths.map((path) => root + path);
    await fixture.files(...files);
    return { root, files: [...files].sort(referenceOrder) };
  };

  describe("when it resumes", () => {
    it("yields after any path exactly the rest, whether the file exists, was deleted, or became a folder", async () => {
      await fc.assert(
        fc.asyncProperty(anyTree, async (paths) => {
          const { root, files } = await plant(paths);
          for (const [i, after] of files.entries()) {
            const rest = files.slice(i + 1);
            expect(await fixture.paths([root], { after }), "there").to.deep.equal(rest);
            const file = join(fixture.folder, after);
            await unlink(file);
            expect(await fixture.paths([root], { after }), "gone").to.deep.equal(rest);
            await mkdir(file);
            expect(await fixture.paths([root], { after }), "an empty folder").to.deep.equal(rest);
            await writeFile(join(file, "x.dita"), "");
            expect(await fixture.paths([root], { after }), "a folder").to.deep.equal([`${after}/x.dita`, ...rest]);
            await rm(file, { recursive: true });
            await writeFile(file, "");
          }
        }),
        { numRuns: 25 },
      );
    });

    it("yields the rest after a path whose whole folder was deleted", async () => {
      await fixture.files("/a/1.dita", "/b/c/1.dita", "/b/c/2.dita", "/b/d.dita", "/e.dita");
      await rm(join(fixture.folder, "b", "c"), { recursive: true });
      expect(await fixture.paths(["/"], { after: "/b/c/1.dita" })).to.deep.equal(["/b/d.dita", "/e.dita"]);
    });

    it("does not yield the file that replaced the folder of its position, since it sorts before it", async () => {
      await fixture.files("/a/1.dita", "/b/1.dita", "/c/1.dita");
      await rm(join(fixture.folder, "b"), { recursive: true });
      await fixture.files("/b");
      expect(await fixture.paths(["/"], { after: "/b/1.dita" })).to.deep.equal(["/c/1.dita"]);
    });
  });

  describe("when each listing takes long and it is interrupted before the next one ends", () => {
    it("makes progress each time, and yields everything once", async () => {
      await fixture.files("/0.dita", "/a/0.dita", "/a/b/0.dita", "/a/b/z.dita", "/a/z.dita", "/c/0.dita", "/z.dita");
      const all = await fixture.paths(["/"]);
      const { readdir } = promises;
      let slow = false;
      const listed: string[] = [];
      promises.readdir = (async (...asked: Parameters<typeof readdir>) => {
        // The first listing of a life is quick, the second would not end within it.
        if (slow) await sleep(5_000, undefined, { ref: false });
        slow = true;
        listed.push(String(asked[0]));
        return readdir(...asked);
      }) as typeof readdir;
      syncBuiltinESMExports();
      const found: string[] = [];
      try {
        for (let after: string | undefined, lives = 0; ; lives++) {
          expect(lives, "lives").to.be.below(20);
          slow = false;
          const walk = fixture.repository.scan(scopeOf(["/"], [], ALL), { pageSize: 100, ...(after ? { after } : {}) });
          const { value, done } = await walk[Symbol.asyncIterator]().next();
          if (done) break;
          found.push(...[...value.assets].map(({ path }) => path));
          expect(after === undefined || comparePaths(value.upTo, after) > 0, `from ${after} to ${value.upTo}`).to.equal(
            true,
          );
          after = value.upTo;
        }
      } finally {
        promises.readdir = readdir;
        syncBuiltinESMExports();
      }
      expect(found).to.deep.equal(all);
    });
  });

  describe("with a scope", () => {
    it("yields exactly what its roots cover and its exclusions leave, under any mount", async () => {
      await fc.assert(
        fc.asyncProperty(
          anyTree,
          fc.constantFrom("/", "/content/dam"),
          fc.infiniteStream(fc.nat()),
          fc.nat({ max: 3 }),
          async (paths, mount, picks, excludedCount) => {
            const { root, files } = await plant(paths);
            const own = await fixture.mounted(mount);
            const at = mount === "/" ? "" : mount;
            const all = files.map((file) => at + file);
            const nodes = [...new Set(all.flatMap((file) => [file, dirname(file), `${file}x`, `${dirname(file)}-`]))];
            const below = nodes.filter((node) => node.startsWith(at + root) && node !== at);
            const pick = (list: readonly string[]): string => list[(picks.next().value ?? 0) % list.length] ?? "/";
            const roots = [pick([...below, at + root]), pick(below)];
            const excluded = Array.from({ length: excludedCount }, () => pick(below));
            const scope = scopeOf(roots, excluded, ALL);
            const found = (await scanned(own.repository, scope)).map(({ path }) => path);
            expect(found).to.deep.equal(all.filter((file) => covers(scope, file)));
          },
        ),
        { numRuns: 80 },
      );
    });

    it("yields nothing if a root is excluded, or lies in an excluded path", async () => {
      await fixture.files("/a/b/1.dita", "/c/1.dita");
      expect(await fixture.paths(["/a"], { excluded: ["/a"] })).to.deep.equal([]);
      expect(await fixture.paths(["/a/b"], { excluded: ["/a"] })).to.deep.equal([]);
      expect(await fixture.paths(["/a/b/1.dita", "/c"], { excluded: ["/a/b/1.dita"] })).to.deep.equal(["/c/1.dita"]);
      expect(await fixture.paths(["/"], { excluded: ["/"] })).to.deep.equal([]);
    });

    it("yields a single file", async () => {
      await fixture.files("/a/b.dita", "/a/b.dita.png", "/a/c.dita");
      expect(await fixture.paths(["/a/b.dita"])).to.deep.equal(["/a/b.dita"]);
    });

    it("yields nothing if nothing exists there", async () => {
      await fixture.files("/a/1.dita");
      await mkdir(join(fixture.folder, "empty", "deep"), { recursive: true });
      expect(await fixture.paths(["/empty"])).to.deep.equal([]);
      expect(await fixture.paths(["/nowhere"])).to.deep.equal([]);
      expect(await fixture.paths(["/a/1.dita/x"])).to.deep.equal([]);
      expect(await fixture.paths([])).to.deep.equal([]);
    });

    it("yields the whole tree for a root above the mount, and nothing for one next to it", async () => {
      await fixture.files("/a/1.dita", "/b.dita");
      const mounted = await fixture.mounted("/content/dam");
      const all = ["/content/dam/a/1.dita", "/content/dam/b.dita"];
      for (const root of ["/", "/content", "/content/dam"]) expect(await mounted.paths([root])).to.deep.equal(all);
      for (const root of ["/other", "/content/da", "/content/dam2"]) {
        expect(await mounted.paths([root]), root).to.deep.equal([]);
      }
      expect(await mounted.paths(["/"], { after: "/content/dam/a/1.dita" })).to.deep.equal(["/content/dam/b.dita"]);
      expect(await mounted.paths(["/"], { after: "/content/dam" })).to.deep.equal(all);
      expect(await mounted.paths(["/"], { after: "/content" })).to.deep.equal(all);
      expect(await mounted.paths(["/"], { after: "/zzz" })).to.deep.equal([]);
    });

    for (const excluded of ["/content", "/content/dam"]) {
      it(`yields nothing if the root is above the mount and ${excluded} is excluded`, async () => {
        await fixture.files("/a/1.dita", "/b.dita");
        const mounted = await fixture.mounted("/content/dam");
        expect(await mounted.paths(["/"], { excluded: [excluded] })).to.deep.equal([]);
      });
    }

    it("applies its filter by file type and creation time, bounds included", async () => {
      await fixture.files("/a.dita", "/b.md", ["/c.xml", "<map/>"], "/d.png");
      expect(await fixture.paths(["/"], { filter: { fileTypes: ["DITAMAP", "MARKDOWN"] } })).to.deep.equal([
        "/b.md",
        "/c.xml",
      ]);
      const instant = new Date(1_600_000_000_000);
      await utimes(join(fixture.folder, "a.dita"), instant, instant);
      const filter = { fileTypes: [], createdFromMs: 1_600_000_000_000, createdToMs: 1_600_000_000_000 };
      expect(await fixture.paths(["/"], { filter })).to.deep.equal(["/a.dita"]);
      expect(await fixture.paths(["/"], { filter: { ...filter, createdFromMs: 1_600_000_000_001 } })).to.deep.equal([]);
    });
  });

  describe("over files", () => {
    it("yields their size, times and type", async () => {
      await fixture.files(["/a.dita", "12345"]);
      const instant = new Date(1_600_000_000_000);
      await utimes(join(fixture.folder, "a.dita"), instant, instant);
      const [asset] = await scanned(fixture.repository, scopeOf(["/"], [], ALL));
      expect(asset).to.deep.equal({
        path: "/a.dita",
        fileType: "DITATOPIC",
        sizeBytes: 5,
        createdMs: 1_600_000_000_000,
        modifiedMs: 1_600_000_000_000,
      });
    });

    it("yields when they changed, which nobody can set back, but not of one that changed just now, or is linked", async () => {
      await fixture.files("/a.dita");
      await symlink("a.dita", join(fixture.folder, "b.dita"));
      const changes = async (): Promise<(number | undefined)[]> =>
        (await scanned(fixture.repository, scopeOf(["/"], [], ALL))).map(({ changedMs }) => changedMs);
      expect(await changes()).to.deep.equal([undefined, undefined]);
      const { ctimeMs } = await stat(join(fixture.folder, "a.dita"));
      const now = Date.now.bind(Date);
      Date.now = () => now() + 5_000;
      try {
        expect(await changes()).to.deep.equal([Math.floor(ctimeMs), undefined]);
      } finally {
        Date.now = now;
      }
    });

    const heads: [string, string | Uint8Array, string][] = [
      ["a topic", '<?xml version="1.0"?><!-- x --><topic id="a"/>', "DITATOPIC"],
      ["a map behind a byte order mark", "\uFEFF<map/>", "DITAMAP"],
      ["a val", "<val/>", "DITAVAL"],
      ["something else", "<project/>", "OTHERS"],
      ["nothing", "", "OTHERS"],
      ["no text", new Uint8Array([0, 255, 254, 3]), "OTHERS"],
      ["a long head that ends amid a character", `<topic title="${"é".repeat(4_000)}"`, "DITATOPIC"],
      ["a topic in UTF-16, little end first", Buffer.from("\uFEFF<topic/>", "utf16le"), "DITATOPIC"],
      ["a topic in UTF-16, big end first", Buffer.from("\uFEFF<topic/>", "utf16le").swap16(), "DITATOPIC"],
      ["a topic in UTF-16 without a mark", Buffer.from('<?xml version="1.0"?><topic/>', "utf16le"), "DITATOPIC"],
      ["a topic in an unknown encoding", '<?xml version="1.0" encoding="no-such"?><topic/>', "DITATOPIC"],
      ["a topic with a byte that is not UTF-8", Buffer.from("<topic id='\xe9'/>", "latin1"), "DITATOPIC"],
    ];
    for (const [title, content, type] of heads) {
      it(`detects the type ${type} from the head of XML with ${title}`, async () => {
        await fixture.files(["/a.xml", content]);
        expect((await scanned(fixture.repository, scopeOf(["/"], [], ALL)))[0]?.fileType).to.equal(type);
      });
    }

    it("yields hidden files if asked to, and names that look like parents", async () => {
      await fixture.files("/.hidden", "/..a/...", "/a/..b.dita");
      expect(await fixture.paths(["/"])).to.deep.equal(["/..a/...", "/.hidden", "/a/..b.dita"]);
    });

    it("yields regular files only: no socket, pipe or device", async () => {
      const { createServer } = await import("node:net");
      await fixture.files("/a.dita");
      const server = createServer();
      await new Promise<void>((listening) => server.listen(join(fixture.folder, "socket"), listening));
      try {
        expect(await fixture.paths(["/"])).to.deep.equal(["/a.dita"]);
        expect(await fixture.paths(["/socket"])).to.deep.equal([]);
      } finally {
        await new Promise((closed) => server.close(closed));
      }
    });

    it("fails for a file whose name is not UTF-8, rather than skipping it silently", async () => {
      await fixture.files("/a.dita");
      await writeFile(Buffer.concat([Buffer.from(`${fixture.folder}/b`), Buffer.of(0xe9), Buffer.from(".dita")]), "x");
      let found = 0;
      let failed = false;
      try {
        found = (await fixture.paths(["/"])).length;
      } catch {
        failed = true;
      }
      expect(failed || found === 2, `${found} of 2 were found, without an error`).to.equal(true);
    });
  });

  describe("over hidden files", () => {
    let plain: FolderFixture;
    beforeEach(async () => {
      plain = await openFolder({ hidden: false });
      await plain.files("/.git/config", "/a.dita", "/._a.dita", "/b/.DS_Store", "/b/~$lock.dita", "/b/c.dita");
      await plain.files("/b/__MACOSX/._c.dita", "/b/Thumbs.db", "/b/thumbs.db.md", "/z/.x");
    });
    afterEach(() => plain.close());

    it("leaves them out and counts them, each hidden folder once, however often it is interrupted", async () => {
      const shown = ["/a.dita", "/b/c.dita", "/b/thumbs.db.md"];
      expect(await plain.paths(["/"])).to.deep.equal(shown);
      for (const pageSize of [1, 100]) {
        const found: string[] = [];
        let hidden = 0;
        for (let after: string | undefined; ;) {
          const walk = plain.repository.scan(scopeOf(["/"], [], ALL), { pageSize, ...(after ? { after } : {}) });
          const { value, done } = await walk[Symbol.asyncIterator]().next();
          if (done) break;
          found.push(...[...value.assets].map(({ path }) => path));
          hidden += value.hidden ?? 0;
          after = value.upTo;
        }
        expect([found, hidden], `pages of ${pageSize}`).to.deep.equal([shown, 7]);
      }
    });

    it("treats them, and what lies below a hidden folder, as absent, also if asked for by name", async () => {
      for (const path of ["/.git", "/.git/config", "/b/__MACOSX/._c.dita", "/b/Thumbs.db"]) {
        expect(await plain.paths([path]), path).to.deep.equal([]);
        expect(await plain.repository.stat([path]), path).to.deep.equal([undefined]);
        expect(() => plain.repository.fileOf(path), path).to.throw("asset not found");
      }
    });

    it("are told as such where they are asked for by name, unless nothing is there", async () => {
      const why = "is hidden; ?hidden=true in the repository's URI includes it";
      for (const path of ["/.git", "/.git/config", "/._a.dita", "/b/Thumbs.db", "/b/__MACOSX/._c.dita"])
        expect(await plain.repository.whyAbsent(path), path).to.equal(why);
      for (const path of ["/.none", "/.git/none", "/none", "/a.dita/.x", "/b/../.git", "/a.dita"])
        expect(await plain.repository.whyAbsent(path), path).to.equal(undefined);
      expect(await fixture.repository.whyAbsent("/.none")).to.equal(undefined);
    });

    it("yields a file that a link names, though its target is hidden", async () => {
      await symlink(".git/config", join(plain.folder, "config.md"));
      expect(await plain.paths(["/config.md"])).to.deep.equal(["/config.md"]);
    });

    it("belong to another repository if they are included: its identity says so", async () => {
      expect(plain.repository.identity).to.equal(`folder:${plain.folder}`);
      expect(fixture.repository.identity).to.equal(`folder:${fixture.folder}?hidden=true`);
    });
  });

  describe("over links", () => {
    it("yields links to files inside the tree as assets with the target's content", async () => {
      await fixture.files(["/a/real.dita", "12345"]);
      await symlink(join(fixture.folder, "a", "real.dita"), join(fixture.folder, "link.dita"));
      await symlink("a/real.dita", join(fixture.folder, "relative.md"));
      const assets = await scanned(fixture.repository, scopeOf(["/"], [], ALL));
      expect(assets.map(({ path, sizeBytes, fileType }) => [path, sizeBytes, fileType])).to.deep.equal([
        ["/a/real.dita", 5, "DITATOPIC"],
        ["/link.dita", 5, "DITATOPIC"],
        ["/relative.md", 5, "MARKDOWN"],
      ]);
      expect(await fixture.paths(["/link.dita"])).to.deep.equal(["/link.dita"]);
    });

    it("ignores links out of the tree, by any route", async () => {
      await fixture.files("/a.dita", "/tree2.dita");
      await writeFile(join(fixture.outside, "secret.dita"), "secret");
      // A neighbour whose name begins like the tree's.
      await mkdir(`${fixture.folder}-neighbour`);
      await writeFile(`${fixture.folder}-neighbour/secret.dita`, "secret");
      await symlink(join(fixture.outside, "secret.dita"), join(fixture.folder, "absolute.dita"));
      await symlink("../outside/secret.dita", join(fixture.folder, "relative.dita"));
      await symlink("../tree-neighbour/secret.dita", join(fixture.folder, "neighbour.dita"));
      await symlink(fixture.outside, join(fixture.folder, "folder"));
      await symlink("absolute.dita", join(fixture.folder, "twice.dita"));
      expect(await fixture.paths(["/"])).to.deep.equal(["/a.dita", "/tree2.dita"]);
      for (const name of ["absolute", "relative", "neighbour", "twice"]) {
        expect(await fixture.paths([`/${name}.dita`]), name).to.deep.equal([]);
      }
      expect(await fixture.paths(["/folder"])).to.deep.equal([]);
      expect(await fixture.paths(["/folder/secret.dita"])).to.deep.equal([]);
    });

    it("does not follow links to folders, so that each asset has one path and cycles end", async () => {
      await fixture.files("/a/b/1.dita");
      await symlink("a", join(fixture.folder, "z"));
      await symlink("..", join(fixture.folder, "a", "up"));
      await symlink(".", join(fixture.folder, "a", "self"));
      await symlink("loop", join(fixture.folder, "loop"));
      await symlink("nowhere", join(fixture.folder, "dangling.dita"));
      expect(await fixture.paths(["/"])).to.deep.equal(["/a/b/1.dita"]);
      expect(await fixture.paths(["/z"])).to.deep.equal([]);
      expect(await fixture.paths(["/z/b"])).to.deep.equal([]);
    });
  });

  describe("in trouble", () => {
    it("is UNAVAILABLE if the folder is missing: an unmounted disk is not an empty one", async () => {
      await fixture.files("/a/1.dita");
      await rename(fixture.folder, `${fixture.folder}-away`);
      for (const root of ["/", "/a", "/a/1.dita", "/nowhere"]) {
        const error = await rejection(fixture.paths([root]));
        expect(AssetmillError.is(error) && error.code, root).to.equal("UNAVAILABLE");
      }
    });

    for (const [title, path] of [
      ["one flat folder", (i: number) => `/${i + 1_000}.dita`],
      ["many folders", (i: number) => `/${i + 1_000}/a.dita`],
    ] as const) {
      it(`is UNAVAILABLE, rather than ending early, if the folder disappears during a walk of ${title}`, async () => {
        await fixture.files(...Array.from({ length: 200 }, (_, i) => path(i)));
        const walk = fixture.repository.scan(scopeOf(["/"], [], ALL), { pageSize: 10 })[Symbol.asyncIterator]();
        expect((await walk.next()).value.assets).to.have.length(10);
        await rename(fixture.folder, `${fixture.folder}-away`);
        const rest = async (): Promise<number> => {
          let count = 0;
          for (let step = await walk.next(); !step.done; step = await walk.next()) count += step.value.assets.length;
          return count;
        };
        const error = await rejection(rest());
        expect(AssetmillError.is(error) && error.code, String(error)).to.equal("UNAVAILABLE");
      });
    }

    it("skips an inner folder that disappears during the walk, but not the others", async () => {
      await fixture.files("/a/1.dita", "/b/1.dita", "/c/1.dita");
      const walk = fixture.repository.scan(scopeOf(["/"], [], ALL), { pageSize: 1 });
      const paths: string[] = [];
      for await (const page of walk) {
        paths.push(...[...page.assets].map((asset) => asset.path));
        await rm(join(fixture.folder, "b"), { recursive: true, force: true });
      }
      expect(paths).to.deep.equal(["/a/1.dita", "/c/1.dita"]);
    });

    /** What the scan yields, with the code of what it cannot read. */
    const withCodes = async (): Promise<(readonly [string, string | undefined])[]> =>
      (await scanned(fixture.repository, scopeOf(["/"], [], ALL))).map(({ path, unreadable }) => [
        path,
        unreadable?.code,
      ]);

    /** Takes the rights from a file or folder while looking in as somebody else. */
    async function closed(name: string, mode: number, look: () => Promise<void>): Promise<void> {
      const file = join(fixture.folder, name);
      await chmod(file, mode);
      await asNobody(look).finally(() => chmod(file, 0o700));
    }

    it("names each file of a folder that may be listed but not entered, and goes on", async () => {
      await fixture.files("/a/1.dita", "/locked/1.dita", "/locked/2.dita", "/z.dita");
      await closed("locked", 0o444, async () => {
        expect(await withCodes()).to.deep.equal([
          ["/a/1.dita", undefined],
          ["/locked/1.dita", "ACCESS_DENIED"],
          ["/locked/2.dita", "ACCESS_DENIED"],
          ["/z.dita", undefined],
        ]);
      });
    });

    it("names a link into a folder that may not be entered, and goes on", async () => {
      await fixture.files("/closed/x.dita", "/z.dita");
      await symlink("closed/x.dita", join(fixture.folder, "link.dita"));
      await closed("closed", 0o000, async () => {
        expect(await withCodes()).to.deep.equal([
          ["/closed", "ACCESS_DENIED"],
          ["/link.dita", "ACCESS_DENIED"],
          ["/z.dita", undefined],
        ]);
      });
    });

    it("names a folder whose path is longer than the system allows, and goes on", async () => {
      const name = "d".repeat(200);
      await fixture.files("/a.dita", "/z.dita");
      // In two parts, of which one is moved into the other: no call may name the whole path.
      const [upper, lower] = [
        [...Array(11)].map(() => name).join("/"),
        `${[...Array(10)].map(() => name).join("/")}/x`,
      ];
      await mkdir(join(fixture.folder, upper), { recursive: true });
      await mkdir(join(fixture.outside, lower), { recursive: true });
      const [part, place] = [join(fixture.outside, name), join(fixture.folder, upper, name)];
      await rename(part, place);
      try {
        const found = await scanned(fixture.repository, scopeOf(["/"], [], ALL));
        expect(found.map(({ path }) => path.replaceAll(`/${name}`, "/d").replace(/(\/d)+/, "/d…"))).to.deep.equal([
          "/a.dita",
          "/d…",
          "/z.dita",
        ]);
        expect(found[1]?.unreadable).to.deep.equal({
          code: "READ_FAILED",
          message: "the path is longer than this system allows (ENAMETOOLONG)",
        });
        expect(await fixture.paths(["/"], { after: found[1]?.path ?? "" })).to.deep.equal(["/z.dita"]);
      } finally {
        await rename(place, part);
      }
    });

    it("names an XML file that may not be read, since no handler would take one of unknown type", async () => {
      await fixture.files(["/a.xml", "<map/>"], "/b.dita");
      await closed("a.xml", 0o000, async () => {
        expect(await withCodes()).to.deep.equal([
          ["/a.xml", "ACCESS_DENIED"],
          ["/b.dita", undefined],
        ]);
      });
    });

    it("fails if a folder of which a part was already yielded cannot be read any more", async () => {
      await fixture.files("/a/1.dita", "/a/2.dita", "/b.dita");
      await closed("a", 0o000, async () => {
        const error = await rejection(fixture.paths(["/"], { after: "/a/1.dita" }));
        expect(AssetmillError.is(error) && [error.code, error.ids.path]).to.deep.equal(["ACCESS_DENIED", "/a"]);
      });
    });

    it("fails if the whole tree cannot be read any more, rather than naming each of its folders", async () => {
      await fixture.files("/a/1.dita", "/b/1.dita");
      const walk = fixture.repository.scan(scopeOf(["/"], [], ALL), { pageSize: 1 })[Symbol.asyncIterator]();
      await walk.next();
      await closed(".", 0o000, async () => {
        const error = await rejection(walk.next());
        expect(AssetmillError.is(error) && error.code, String(error)).to.equal("ACCESS_DENIED");
      });
    });

    it("yields pages and can be resumed even while nothing matches its filter", async () => {
      await fixture.files(
        ...Array.from({ length: 300 }, (_, i) => `/f${i % 7}/${i + 1_000}.dita`),
        "/f3/z.md",
        "/z.md",
      );
      const scope = scopeOf(["/"], [], { fileTypes: ["MARKDOWN"] });
      const real = performance.now.bind(performance);
      let fakeMs = real();
      performance.now = () => (fakeMs += 20);
      const found: string[] = [];
      const steps: string[] = [];
      try {
        // As discovery after a kill: each walk goes on after the first page of the one before.
        for (let after: string | undefined; ;) {
          const walk = fixture.repository.scan(scope, { pageSize: 10, ...(after === undefined ? {} : { after }) });
          const { value, done } = await walk[Symbol.asyncIterator]().next();
          if (done) break;
          found.push(...[...value.assets].map((asset) => asset.path));
          steps.push(value.upTo);
          after = value.upTo;
        }
      } finally {
        performance.now = real;
      }
      expect(found).to.deep.equal(["/f3/z.md", "/z.md"]);
      expect(steps.length).to.be.at.least(15);
      expect([...steps].sort(comparePaths)).to.deep.equal(steps);
    });

    it("ends early without an error if it is told to stop", async () => {
      await fixture.files(...Array.from({ length: 50 }, (_, i) => `/${i}.dita`));
      const stop = new AbortController();
      const pages = [];
      for await (const page of fixture.repository.scan(scopeOf(["/"], [], ALL), { pageSize: 5, signal: stop.signal })) {
        pages.push(page);
        stop.abort(new Error("enough"));
      }
      expect(pages).to.have.length(1);
    });
  });

  it("lets the host's event loop run", async () => {
    await fixture.files(...Array.from({ length: 3_000 }, (_, i) => `/${i % 10}/${i}.dita`));
    let turns = 0;
    let over = false;
    const count = (): void => {
      turns++;
      if (!over) setImmediate(count);
    };
    setImmediate(count);
    await scanned(fixture.repository, scopeOf(["/"], [], ALL), { pageSize: 10_000 });
    over = true;
    expect(turns).to.be.above(12);
  });
});
