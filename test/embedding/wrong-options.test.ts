import { expect } from "chai";
import { AssetmillError } from "../../src/core/errors.js";
import { createApp } from "../../src/http/index.js";
import { createAssetmill } from "../../src/index.js";
import { MemoryAssetRepository } from "../../src/testing/index.js";
import { SAMPLE, Workbench } from "../cli/workbench.js";
import { FakeOperator } from "../http/fake-operator.js";
import { rejection, thrown } from "../support/deferred.js";

const own = { name: "own", version: "1", process: () => undefined };

describe("an option of a wrong kind", () => {
  const bench = new Workbench();
  after(() => bench.dispose());

  const refused = (error: unknown): AssetmillError => {
    if (!AssetmillError.is(error)) throw error;
    expect(error.code).to.equal("INVALID_PARAMETER");
    return error;
  };
  const make = (over: object) => createAssetmill({ assets: SAMPLE, store: bench.store, ...over });

  const wrong: readonly [field: string, options: object, says: RegExp][] = [
    ["throttle", { throttle: "no" }, /must be true or false, not a string/],
    ["builtIns", { builtIns: 0 }, /must be true or false, not 0/],
    ["autoStart", { autoStart: null }, /must be true or false, not null/],
    ["watchdog", { watchdog: {} }, /must be true or false, not an object/],
    ["maxActiveJobs", { maxActiveJobs: 0 }, /must be an integer, 1 or more; got 0/],
    ["maxActiveJobs", { maxActiveJobs: 1.5 }, /must be an integer, 1 or more; got 1.5/],
    ["logger", { logger: { warn: () => {} } }, /winston logger; it lacks log\(\), error\(\)/],
    ["logger", { logger: null }, /winston logger, not null/],
    ["http.authenticator", { http: { authenticator: {} } }, /an Authenticator; it lacks authenticate\(\)/],
    ["http.accessPolicy", { http: { accessPolicy: () => true } }, /an AccessPolicy; it lacks allows\(\)/],
    ["http", { http: [] }, /must be an object/],
    ["engine", { engine: [] }, /must be an object/],
    ["assets", { assets: null }, /folder:DIR.*not null/],
    ["assets", { assets: 7 }, /AssetRepository, not 7/],
    ["assets", { assets: {} }, /lacks scan\(\), stat\(\), read\(\), apply\(\), results\(\), close\(\)/],
    ["assets", { assets: Object.assign(new MemoryAssetRepository(), { identity: 1 }) }, /lacks identity/],
    ["assets.dataSource", { assets: { dataSource: {} } }, /a DataSource of TypeORM; it lacks createQueryRunner\(\)/],
    ["store", { store: 7 }, /sqlite:FILE.*not 7/],
    ["store", { store: {} }, /\{ dataSource \}, not an object/],
    ["store.dataSource", { store: { dataSource: null } }, /a DataSource of TypeORM, not null/],
    ["target", { target: 7 }, /sqlite:FILE.*not 7/],
    ["plugins", { plugins: own }, /must be an array, not an object/],
    ["plugins[1]", { plugins: [own, "x.mjs"] }, /must be a handler, a ContainerModule or a URL, not a string/],
  ];
  for (const [field, options, says] of wrong) {
    it(`is refused by its name and what it must be: ${field} ${says.source}`, async () => {
      const error = refused(await rejection(make(options)));
      expect(error.ids.field).to.equal(field);
      expect(error.message).to.match(says);
      expect(bench.has("store.sqlite"), "nothing is opened").to.equal(false);
    });
  }

  it("is refused if it stands for all options", async () => {
    for (const options of [null, undefined, 7, "folder:.", [SAMPLE]]) {
      const error = refused(await rejection(createAssetmill(options as never)));
      expect(error.message).to.equal("options: must be an object");
    }
    refused(thrown(() => createApp(new FakeOperator(), { authenticator: { challenges: [] } } as never)));
  });

  it("is refused in a handler, also a mistyped name of one", async () => {
    const handlers: readonly [object, RegExp][] = [
      [{ thred: true }, /handler own: unknown property thred; did you mean "thread"\?/],
      [{ Writes: false }, /Writes; did you mean "writes"/],
      [{ type: ["X"] }, /did you mean "types"/],
      [{ accept: () => true }, /did you mean "accepts"/],
      [{ thread: "yes" }, /handler own: thread must be true, false or { overBytes: a number from 0 }/],
      [{ thread: null }, /thread must be true, false or { overBytes/],
      [{ thread: {} }, /thread must be true, false or { overBytes/],
      [{ thread: { overBytes: -1 } }, /thread must be true, false or { overBytes/],
      [{ thread: { overBytes: "1 MB" } }, /thread must be true, false or { overBytes/],
      [{ thread: { overBytes: 1, batches: "yes" } }, /with batches: true or false if wanted/],
      [{ thread: { batches: true } }, /thread must be true, false or { overBytes/],
      [{ thread: { overBytes: 1, overbytes: 1 } }, /thread must be true, false or { overBytes/],
      [{ thread: { overBytes: 1 } }, /handler own has thread: { overBytes }, but no plugin file provides it/],
      [{ accepts: true }, /accepts must be a function/],
    ];
    for (const [over, says] of handlers) {
      const error = refused(await rejection(make({ plugins: [{ ...own, ...over }] })));
      expect(error.message)
        .to.match(/^plugins: /)
        .and.match(says);
    }
  });

  it("is none that a handler has of its own: state, methods, symbols, or anything in a class", async () => {
    class Own {
      readonly name = "in-a-class";
      readonly version = "1";
      readonly thred = true;
      process(): undefined {}
    }
    const plain = { ...own, session: 1, cache: new Map(), write: () => {}, read: () => {}, [Symbol("thred")]: true };
    const mill = await make({ plugins: [new Own(), plain], autoStart: false });
    await mill.close();
  });

  it("is refused by the operator, too: a request that is no object", async () => {
    const mill = await make({ autoStart: false });
    for (const request of [null, undefined, "x", []]) {
      refused(await rejection(mill.operator.start(request as never, "ann")));
      refused(await rejection(mill.operator.startOrJoin(request as never, "ann")));
    }
    await mill.close();
  });
});
