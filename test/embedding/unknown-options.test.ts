import { expect } from "chai";
import { createAssetmill } from "../../src/index.js";
import { AssetmillError } from "../../src/core/errors.js";
import {
  authenticateWith,
  BasicAuthenticator,
  createApp,
  hashPassword,
  JwtAuthenticator,
  listen,
  pathAccessPolicy,
  ServerAccessPolicy,
  ServerAuthenticator,
} from "../../src/http/index.js";
import { MemoryAssetRepository } from "../../src/testing/index.js";
import { Workbench, SAMPLE } from "../cli/workbench.js";
import { FakeOperator } from "../http/fake-operator.js";

describe("an unknown option", () => {
  const bench = new Workbench();
  after(() => bench.dispose());

  const refusalOf = async (act: () => unknown): Promise<AssetmillError> => {
    const error = await Promise.resolve()
      .then(act)
      .then(
        () => new Error("it was taken"),
        (caught: unknown) => caught,
      );
    if (!AssetmillError.is(error)) throw error;
    expect(error.code).to.equal("INVALID_PARAMETER");
    return error;
  };
  const mill = (over: object) => refusalOf(() => createAssetmill({ assets: SAMPLE, store: bench.store, ...over }));

  const levels: [field: string, options: object, nearest?: string][] = [
    ["typo", { typo: 1 }],
    ["concurency", { concurency: 4 }, "concurrency"],
    ["autostart", { autostart: false }, "autoStart"],
    ["engine.deadlineMS", { engine: { deadlineMS: 1 } }, "deadlineMs"],
    ["http.basepath", { http: { basepath: "/x" } }, "basePath"],
    ["http.rateLimit.limits", { http: { rateLimit: { windowMs: 1, limits: 1 } } }, "limit"],
    ["pathRules.ignore", { pathRules: { ignore: ["/x"] } }, "ignored"],
    ["retention.day", { retention: { day: 1 } }, "days"],
    ["store.datasource", { store: { datasource: {} } }, "dataSource"],
    ["assets.shema", { assets: { dataSource: {}, shema: "x" } }, "schema"],
    ["target.prefx", { target: { dataSource: {}, prefx: "x" } }, "prefix"],
  ];
  for (const [field, options, nearest] of levels) {
    it(`of createAssetmill is refused at every level, with the nearest known one: ${field}`, async () => {
      const error = await mill(options);
      expect(error.ids.field).to.equal(field);
      expect(error.message).to.match(/unknown option/);
      if (nearest !== undefined) expect(error.message).to.include(`did you mean ${JSON.stringify(nearest)}?`);
      expect(bench.has("store.sqlite"), "nothing is opened").to.equal(false);
    });
  }

  it("of the parts of assetmill/http is refused, too", async () => {
    const authenticator = authenticateWith(() => "ann");
    const user = `ann:${await hashPassword("x")}`;
    const server = new ServerAuthenticator({ url: "http://127.0.0.1:1" });
    const parts: [field: string, act: () => unknown][] = [
      ["trustproxy", () => createApp(new FakeOperator(), { authenticator, trustproxy: 1 } as never)],
      ["loopbackonly", () => listen(() => new Response(), { host: "::1", port: 0, loopbackonly: true } as never)],
      ["cacheMS", () => BasicAuthenticator.ofUsers([user], { cacheMS: 1 } as never)],
      ["audiences", () => new JwtAuthenticator({ issuer: "a", audience: "b", audiences: [], secret: "x" } as never)],
      ["cookie", () => new ServerAuthenticator({ url: "http://x", cookie: [] } as never)],
      ["cacheMS", () => new ServerAccessPolicy({ authenticator: server, cacheMS: 1 } as never)],
      ["rules[0].action", () => pathAccessPolicy([{ principal: "ann", paths: ["/"], action: ["read"] } as never])],
    ];
    for (const [field, act] of parts) {
      const error = await refusalOf(act);
      expect(error.ids.field).to.equal(field);
      expect(error.message).to.match(/unknown option; did you mean/);
    }
  });

  it("of start() is refused: it would work on all jobs; a host's repository may have properties of its own", async () => {
    const assets = Object.assign(new MemoryAssetRepository(), { own: 1 });
    const opened = await createAssetmill({ assets, store: bench.store, autoStart: false });
    await refusalOf(() => opened.start({ jobid: "x" } as never));
    await opened.close();
  });
});
