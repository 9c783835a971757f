import { comparePaths, isWithin } from "../../src/core/asset/path.js";
import type { Asset } from "../../src/core/asset/asset.js";
import type { AssetWrite } from "../../src/core/asset/asset-result.js";
import type { AssetRepository, ScanPage } from "../../src/core/ports/asset-repository.js";
import { covers, type Scope } from "../../src/core/asset/scope.js";

/** A sound repository with one fault, and the guarantee that names it. */
interface BrokenRepository {
  readonly fault: string;
  readonly alter: (sound: AssetRepository) => Partial<AssetRepository>;
  readonly breaks: string;
}

type ScanOptions = Parameters<AssetRepository["scan"]>[1];

/** All assets of a scope, whatever was asked for. */
async function all(sound: AssetRepository, scope: Scope): Promise<readonly Asset[]> {
  const found: Asset[] = [];
  for await (const { assets } of sound.scan(scope, { pageSize: 1_000 })) found.push(...assets);
  return found;
}

async function* paged(assets: readonly Asset[], pageSize: number): AsyncGenerator<ScanPage> {
  for (let i = 0; i < assets.length; i += pageSize) {
    const page = assets.slice(i, i + pageSize);
    yield { assets: page, upTo: page.at(-1)?.path ?? "" };
  }
}

/** A scan whose order and resumption are another's than path order. */
const orderedBy =
  (order: (a: string, b: string) => number) =>
  (sound: AssetRepository): Partial<AssetRepository> => ({
    async *scan(scope: Scope, { after, pageSize }: ScanOptions) {
      const assets = [...(await all(sound, scope))].sort((a, b) => order(a.path, b.path));
      yield* paged(
        assets.filter(({ path }) => after === undefined || order(path, after) > 0),
        pageSize,
      );
    },
  });

const byCodePoint = (a: string, b: string): number =>
  comparePaths(a, b) === 0 ? 0 : Buffer.compare(keyOf(a), keyOf(b));
const keyOf = (path: string): Buffer => Buffer.from(path.replaceAll("/", "\0"));

const ANY_SCAN = "a scan yields every asset once, in path order, whatever the names and the page size";
const RESUMED = "a scan that resumes after any path that it yielded yields exactly the rest";

export const BROKEN_REPOSITORIES: readonly BrokenRepository[] = [
  {
    fault: "sorts by plain string",
    alter: orderedBy((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
    breaks: "path order is not plain string order: a folder's content comes before siblings whose names extend its own",
  },
  {
    fault: "sorts by code point",
    alter: orderedBy(byCodePoint),
    breaks: "siblings are in the order of UTF-16 code units, not of code points or numbers",
  },
  {
    fault: "sorts as people do",
    alter: orderedBy((a, b) => a.localeCompare(b, "en", { numeric: true })),
    breaks: ANY_SCAN,
  },
  {
    fault: "loses the last asset",
    alter: (sound) => ({
      async *scan(scope, { after, pageSize }) {
        const assets = (await all(sound, scope)).slice(0, -1);
        yield* paged(
          assets.filter(({ path }) => after === undefined || comparePaths(path, after) > 0),
          pageSize,
        );
      },
    }),
    breaks: ANY_SCAN,
  },
  {
    fault: "skips the first asset after the position",
    alter: (sound) => ({
      async *scan(scope, { after, pageSize }) {
        const assets = await all(sound, scope);
        const rest = assets.filter(({ path }) => after === undefined || comparePaths(path, after) > 0);
        yield* paged(rest.slice(after === undefined ? 0 : 1), pageSize);
      },
    }),
    breaks: RESUMED,
  },
  {
    fault: "repeats the position",
    alter: (sound) => ({
      async *scan(scope, { after, pageSize }) {
        const assets = await all(sound, scope);
        yield* paged(
          assets.filter(({ path }) => after === undefined || comparePaths(path, after) >= 0),
          pageSize,
        );
      },
    }),
    breaks: RESUMED,
  },
  {
    fault: "starts over if the position was deleted",
    alter: (sound) => ({
      async *scan(scope, { after, pageSize }) {
        const assets = await all(sound, scope);
        yield* paged(assets.slice(assets.findIndex(({ path }) => path === after) + 1), pageSize);
      },
    }),
    breaks: "a scan that resumes after a path that has been deleted yields exactly the rest",
  },
  {
    fault: "passes over a folder that it cannot read",
    alter: (sound) => ({
      async *scan(scope, options) {
        for await (const { assets, ...page } of sound.scan(scope, options))
          yield { ...page, assets: [...assets].filter(({ unreadable }) => !unreadable) };
      },
    }),
    breaks:
      "a folder that cannot be read is yielded as one unreadable asset, whatever the filter, and costs nothing else",
  },
  {
    fault: "takes a root that it cannot read for an empty one",
    alter: (sound) => ({
      async *scan(scope, options) {
        try {
          yield* sound.scan(scope, options);
        } catch {
          // Nothing there.
        }
      },
    }),
    breaks: "a root that cannot be read ends the scan with an error that names it",
  },
  {
    fault: "reports that a page reached further than it did",
    alter: (sound) => ({
      async *scan(scope, options) {
        for await (const { assets } of sound.scan(scope, options)) yield { assets, upTo: "/\uffff" };
      },
    }),
    breaks: "a scan that starts after a page's `upTo` misses nothing and repeats nothing",
  },
  {
    fault: "makes pages one asset too long",
    alter: (sound) => ({
      scan: (scope, options) => sound.scan(scope, { ...options, pageSize: options.pageSize + 1 }),
    }),
    breaks: "a page is never longer than requested",
  },
  {
    fault: "compares exclusions as plain text",
    alter: (sound) => ({
      async *scan(scope, { pageSize }) {
        const assets = await all(sound, { ...scope, excluded: [] });
        yield* paged(
          assets.filter(({ path }) => !scope.excluded.some((excluded) => path.startsWith(excluded))),
          pageSize,
        );
      },
    }),
    breaks: "an exclusion leaves out a path and everything below it, by whole segments",
  },
  {
    fault: "compares roots as plain text",
    alter: (sound) => ({
      async *scan(scope, { pageSize }) {
        const assets = await all(sound, { ...scope, roots: ["/"] });
        yield* paged(
          assets.filter(({ path }) => scope.roots.some((root) => path.startsWith(root))),
          pageSize,
        );
      },
    }),
    breaks: "a root that is an asset yields only that asset, and nothing once the scan has passed it",
  },
  {
    fault: "does not check whether a root is excluded",
    alter: (sound) => ({
      async *scan(scope, options) {
        const assets = await all(sound, { ...scope, excluded: [] });
        const kept = assets.filter(
          ({ path }) =>
            covers(scope, path) ||
            scope.roots.some((root) => scope.excluded.some((x) => isWithin(root, x) && isWithin(path, root))),
        );
        yield* paged(
          kept.filter(({ path }) => options.after === undefined || comparePaths(path, options.after) > 0),
          options.pageSize,
        );
      },
    }),
    breaks: "a root that is excluded, or lies in an excluded path, yields nothing",
  },
  {
    fault: "treats creation bounds as exclusive",
    alter: (sound) => ({
      async *scan(scope, { pageSize }) {
        const { createdFromMs = -1 } = scope.filter;
        yield* paged(
          (await all(sound, scope)).filter(({ createdMs }) => createdMs > createdFromMs),
          pageSize,
        );
      },
    }),
    breaks: "a filter by creation time lets exactly what lies within its bounds through, bounds included",
  },
  {
    fault: "ignores the signal to stop",
    alter: (sound) => ({
      scan: (scope, { signal: _signal, ...options }) => sound.scan(scope, options),
    }),
    breaks: "a scan that is told to stop ends early without an error",
  },
  {
    fault: "answers `stat` in path order",
    alter: (sound) => ({ stat: (paths) => sound.stat([...paths].sort(comparePaths)) }),
    breaks: "`stat` answers in the order asked, each path as often as asked, and undefined where no asset exists",
  },
  {
    fault: "lists all that lies below a folder",
    alter: (sound) => ({
      async names(folder) {
        const assets = await all(sound, { roots: [folder], excluded: [], filter: { fileTypes: [] } });
        const below = assets.map(({ path }) => path.slice(folder.length + 1)).filter(Boolean);
        return below.length > 0 ? below : undefined;
      },
    }),
    breaks: "`names` lists what is directly in a folder, once each, and nothing for what is no folder",
  },
  {
    fault: "lists names in one Unicode form",
    alter: (sound) => ({
      names: async (folder, most) => (await sound.names?.(folder, most))?.map((name) => name.normalize()),
    }),
    breaks: "`names` keeps the case and the Unicode form of each name, and lists no more of them than asked for",
  },
  {
    fault: "lists more names than asked for",
    alter: (sound) => ({ names: async (folder) => sound.names?.(folder, 1_000) }),
    breaks: "`names` keeps the case and the Unicode form of each name, and lists no more of them than asked for",
  },
  {
    fault: "decodes paths like a URI",
    alter: (sound) => ({
      read: (path, signal) => sound.read(path.includes("%41") ? decodeURI(path) : path, signal),
    }),
    breaks: "content is read byte for byte, whatever the bytes and the name",
  },
  {
    fault: "reads a deleted asset as empty",
    alter: (sound) => ({
      async *read(path) {
        const [node] = await sound.stat([path]);
        if (node?.kind === "asset") yield* sound.read(path);
      },
    }),
    breaks: "a read fails with GONE and names the path if there is no asset, it was deleted, or a folder is there",
  },
  {
    fault: "reads everything in one piece",
    alter: (sound) => ({
      async *read(path) {
        const pieces = [];
        for await (const piece of sound.read(path)) pieces.push(piece);
        yield Buffer.concat(pieces);
      },
    }),
    breaks: "large content comes in several pieces, byte for byte",
  },
  {
    fault: "applies half a result",
    alter: (sound) => ({
      apply: (writes) => sound.apply(writes.map((write) => ({ ...write, references: {} }))),
    }),
    breaks: "results are read as they were written, with stamp and job, dated by the repository's clock",
  },
  {
    fault: "applies half a call",
    alter: (sound) => ({ apply: (writes) => sound.apply(writes.slice(0, Math.max(1, writes.length >> 1))) }),
    breaks: "a call writes about every asset that it names, in one folder or many, and an empty call writes nothing",
  },
  {
    fault: "appends references when they are written again",
    alter: (sound) => {
      const written = new Map<string, AssetWrite>();
      return {
        apply: (writes) =>
          sound.apply(
            writes.map((write) => {
              const old = written.get(write.path)?.references.h ?? [];
              const references = { ...write.references, h: [...old, ...(write.references.h ?? [])] };
              written.set(write.path, { ...write, references });
              return { ...write, references };
            }),
          ),
      };
    },
    breaks: "results that are written twice read as if written once",
  },
  {
    fault: "reads an empty list as no value",
    alter: (sound) => ({
      apply: (writes) =>
        sound.apply(
          writes.map((write) => ({
            ...write,
            references: Object.fromEntries(Object.entries(write.references).filter(([, list]) => list.length > 0)),
          })),
        ),
    }),
    breaks: "references replace those that the same handler found before, even by none; other handlers' stay",
  },
  {
    fault: "stores numbers with too few digits",
    alter: (sound) => ({
      apply: (writes) =>
        sound.apply(
          writes.map((write) => ({
            ...write,
            properties: Object.fromEntries(
              Object.entries(write.properties).map(([key, value]) => [
                key,
                typeof value === "number" ? Number(value.toPrecision(15)) : value,
              ]),
            ),
          })),
        ),
    }),
    breaks: "numbers keep every digit: integers and fractions, the greatest and the smallest",
  },
  {
    fault: "makes an asset newer by writing its results",
    alter: (sound) => {
      const touched = new Set<string>();
      return {
        apply: (writes) => {
          for (const { path } of writes) touched.add(path);
          return sound.apply(writes);
        },
        async *scan(scope, options) {
          for await (const { assets, upTo } of sound.scan(scope, options)) {
            const newer = [...assets].map((asset) =>
              touched.has(asset.path) ? { ...asset, modifiedMs: 9e12 } : asset,
            );
            yield { assets: newer, upTo };
          }
        },
      };
    },
    breaks: "results change nothing that a scan, `stat` or a read shows: they make no asset new or newer",
  },
  {
    fault: "stops after the first page of what is gone",
    alter: (sound) => ({
      forgetGone: async (scope, options) => {
        const { removed } = (await sound.forgetGone?.(scope, options)) ?? { removed: 0 };
        return { removed };
      },
    }),
    breaks:
      "results of assets that are gone are removed, whatever the page size, and no others; a repetition removes none",
  },
  {
    fault: "removes results of gone assets that the scope excludes",
    alter: (sound) => ({
      forgetGone: async (scope, options) =>
        (await sound.forgetGone?.({ ...scope, excluded: [] }, options)) ?? { removed: 0 },
    }),
    breaks: "results about paths beside the scope's roots, or excluded from it, stay when their assets are gone",
  },
  {
    fault: "looks for what is gone below the last root only",
    alter: (sound) => ({
      forgetGone: async (scope, options) =>
        (await sound.forgetGone?.({ ...scope, roots: scope.roots.slice(-1) }, options)) ?? { removed: 0 },
    }),
    breaks: "results of gone assets are removed below each root of a scope, however the names of the roots sort",
  },
  {
    fault: "removes results that the job itself wrote",
    alter: (sound) => ({
      forgetGone: async (scope, options) =>
        (await sound.forgetGone?.(scope, { ...options, exceptJob: "" })) ?? { removed: 0 },
    }),
    breaks: "results that the job itself wrote stay, whatever became of their assets meanwhile",
  },
  {
    fault: "writes enlisted results before the commit",
    alter: (sound) => ({ enlist: async (_tx, writes) => void (await sound.apply(writes)) }),
    breaks: "enlisted results vanish with a rollback, for new assets and for known ones",
  },
  {
    fault: "puts an asset that already exists again",
    alter: (sound) => ({
      sink: {
        put: async (incoming, signal) => {
          const ends = (await sound.sink?.put(incoming, signal)) ?? [];
          return ends.map((end) => ("end" in end ? { ...end, end: "replaced" } : end));
        },
      },
    }),
    breaks: "putting an asset again changes nothing and is answered as unchanged",
  },
  {
    fault: "stops at the first asset that cannot be put",
    alter: (sound) => ({
      sink: {
        put: async (incoming, signal) => {
          const ends = [];
          for (const one of incoming) {
            const [end] = (await sound.sink?.put([one], signal)) ?? [];
            if (end) ends.push(end);
            if (end instanceof Error) break;
          }
          return ends;
        },
      },
    }),
    breaks:
      "puts are answered in the order given; an error about one asset takes its place and does not stop the others",
  },
  {
    fault: "loses assets whose keys do not fit an index",
    alter: (sound) => ({
      async *scan(scope, options) {
        for await (const { assets, upTo } of sound.scan(scope, options))
          yield { assets: [...assets].filter(({ path }) => Buffer.byteLength(path) <= 2_600), upTo };
      },
    }),
    breaks: "paths of up to 4,096 bytes, of any characters, are scanned in path order, whatever the page size",
  },
  {
    fault: "compares the position by its first 2,000 characters",
    alter: (sound) => ({
      async *scan(scope, { after, pageSize }) {
        const cut = (path: string): string => path.slice(0, 2_000);
        const assets = await all(sound, scope);
        yield* paged(
          assets.filter(({ path }) => after === undefined || comparePaths(cut(path), cut(after)) > 0),
          pageSize,
        );
      },
    }),
    breaks: "a scan that resumes after a long path yields exactly the rest",
  },
  {
    fault: "leaves out all that shares the beginning of a long exclusion",
    alter: (sound) => ({
      async *scan(scope, options) {
        const assets = await all(sound, scope);
        const left = assets.filter(
          ({ path }) => !scope.excluded.some((one) => one.length > 500 && path.startsWith(one.slice(0, 500))),
        );
        yield* paged(left, options.pageSize);
      },
    }),
    breaks: "an exclusion with a long path leaves out what lies within it, and a root with a long path all else",
  },
  {
    fault: "forgets a page's order among assets that are alike for 1,000 characters",
    alter: (sound) => ({
      async *scan(scope, options) {
        for await (const { assets, upTo } of sound.scan(scope, options)) {
          const order = [...assets].sort((a, b) => comparePaths(a.path.slice(0, 1_000), b.path.slice(0, 1_000)));
          const [first, second] = order;
          const isAlike = first && second && first.path.slice(0, 1_000) === second.path.slice(0, 1_000);
          yield { assets: isAlike ? order.reverse() : assets, upTo };
        }
      },
    }),
    breaks: "assets that share all but the last bytes of a long path are scanned in order, by pages and with a filter",
  },
  {
    fault: "looks a long path up by its beginning",
    alter: (sound) => ({
      stat: async (paths) => {
        const nodes = await sound.stat(paths);
        const known = await all(sound, { roots: ["/"], excluded: [], filter: { fileTypes: [] } });
        return paths.map((path, i) => {
          const asset =
            path.length > 1_000 ? known.find((one) => one.path.startsWith(path.slice(0, 1_000))) : undefined;
          return nodes[i] ?? (asset && { kind: "asset", asset });
        });
      },
    }),
    breaks: "assets with long paths are found by `stat` and read, and their folders are found; near misses are not",
  },
  {
    fault: "keeps one result for all paths that are alike for 1,000 characters",
    alter: (sound) => {
      const latest = new Map<string, string>();
      const alike = (path: string): string => (path.length > 1_000 ? path.slice(0, 1_000) : path);
      return {
        apply: (writes) => {
          for (const { path } of writes) latest.set(alike(path), path);
          return sound.apply(writes);
        },
        results: (paths) => sound.results(paths.map((path) => latest.get(alike(path)) ?? path)),
      };
    },
    breaks: "results about assets with long paths are written, and written again, each under its own path",
  },
  {
    fault: "takes a path of any length into its sink",
    alter: (sound) => ({
      sink: {
        put: async (incoming, signal) => {
          const ends = (await sound.sink?.put(incoming, signal)) ?? [];
          return ends.map((end, i) =>
            "end" in end || Buffer.byteLength(incoming[i]?.asset.path ?? "") <= 4_096
              ? end
              : { end: "created", contentHash: "" },
          );
        },
      },
    }),
    breaks: "an asset whose path has more than 4,096 bytes cannot be put, and does not stop the others",
  },
  {
    fault: "has a sink that its flags do not mention",
    alter: () => ({ sink: undefined }),
    breaks: "the flags say what the repository can do",
  },
];
