import { expect } from "chai";
import { Server } from "../system/server.js";
import { SAMPLE, severally, Workbench } from "./workbench.js";

describe("serve's limits", () => {
  let bench: Workbench;

  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  /** How many requests in a row are answered with another status than 429: 6 if none is refused. */
  const answered = async (server: Server, headersOf: (i: number) => Record<string, string>): Promise<number> => {
    for (let i = 0; i < 6; i++) {
      const { status } = await server.ask("/openapi.json", { headers: headersOf(i) });
      if (status === 429) return i;
    }
    return 6;
  };

  it("come from a flag before the environment, the --config file and the default, in that order", async () => {
    const config = ["--config", bench.write("config.json", JSON.stringify({ "rate-limit": "2/h" }))];
    const env = { ASSETMILL_RATE_LIMIT: "3/h" };
    const cases: { args: string[]; env: Record<string, string>; limit: number }[] = [
      { args: [], env: {}, limit: 6 },
      { args: config, env: {}, limit: 2 },
      { args: config, env, limit: 3 },
      { args: [...config, "--rate-limit", "4/h"], env, limit: 4 },
    ];
    const seen = await severally(cases, async ({ args, env: given, limit }) => {
      const store = ["--store", `sqlite:${bench.path(`${limit}.sqlite`)}`];
      const server = await Server.startIn(given, bench, SAMPLE, ...store, ...args);
      return answered(server, () => ({ authorization: `Bearer ${server.token}` }));
    });
    expect(seen).to.deep.equal(cases.map(({ limit }) => limit));
  });

  it("count failed logins by the address that the trusted proxy saw, and let the right token in all the same", async () => {
    const flags = ["--login-limit", "2/h", "--trust-proxy", "1"];
    const server = await Server.start(bench, SAMPLE, ...flags);
    const from = (address: string, token: string | null) => ({
      authorization: `Bearer ${token}`,
      "x-forwarded-for": address,
    });
    expect(await answered(server, () => from("10.0.0.1", "guess"))).to.equal(2);
    expect(await answered(server, () => from("10.0.0.2", "guess"))).to.equal(2);
    expect(await answered(server, () => from("10.0.0.1", server.token))).to.equal(6);
  });

  it("count failed logins as --rate-limit says where --login-limit is not given, and trust no proxy", async () => {
    const server = await Server.start(bench, SAMPLE, "--rate-limit", "3/min");
    const guess = (i: number) => ({ authorization: "Bearer guess", "x-forwarded-for": `10.0.0.${i}` });
    expect(await answered(server, guess)).to.equal(3);
  });

  const refused: [flag: string, value: string, says: RegExp][] = [
    ["rate-limit", "20", /rate such as 20\/s/],
    ["rate-limit", "0/s", /rate such as 20\/s/],
    ["rate-limit", "1.5/s", /rate such as 20\/s/],
    ["rate-limit", "20/d", /rate such as 20\/s/],
    ["login-limit", "-1/s", /rate such as 20\/s.*"-1\/s"/],
    ["trust-proxy", "one", /integer/],
  ];
  for (const [flag, value, says] of refused) {
    it(`are refused as --${flag}=${value}, naming the flag`, async () => {
      const args = ["serve", "--assets", SAMPLE, "--store", bench.store, "--port", "0", `--${flag}=${value}`];
      const { code, out, err } = await bench.call(args);
      expect([code, out]).to.deep.equal([2, ""]);
      expect(err).to.include(flag).and.to.match(says);
    });
  }

  it("are refused as numbers in --config, naming the file", async () => {
    const config = bench.write("config.json", JSON.stringify({ assets: SAMPLE, "rate-limit": 20 }));
    const { code, err } = await bench.call(["serve", "--config", config, "--port", "0", "--store", bench.store]);
    expect(code).to.equal(2);
    expect(err).to.match(/config\.json: "rate-limit" must be a string/);
  });
});
