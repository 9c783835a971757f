import { expect } from "chai";
import { LoginTurns } from "../../../src/http/auth/login-turns.js";
import { Claimant } from "../../../src/http/auth/recent-logins.js";
import { type Deferred, deferred } from "../../support/deferred.js";

const stranger = (i: number, address = "bad") =>
  [{ key: `s${i}`, known: false }, new Claimant(`n${i}`, address)] as const;
const known = (i: number, address = "bad") => [{ key: `k${i}`, known: true }, new Claimant(`k${i}`, address)] as const;
const settled = () => new Promise((turn) => setImmediate(turn));

/** Checks that end when they are told to. */
class Checks {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, Deferred<string | undefined>>();

  of(what: string): () => Promise<string | undefined> {
    const end = deferred<string | undefined>();
    this.#ends.set(what, end);
    return () => {
      this.begun.push(what);
      return end.promise;
    };
  }

  async end(what: string, result?: string): Promise<void> {
    this.#ends.get(what)?.resolve(result);
    await settled();
  }
}

describe("turns to check credentials", () => {
  let checks: Checks;

  beforeEach(() => {
    checks = new Checks();
  });

  for (const [concurrency, most] of [
    [1, 1],
    [2, 1],
    [3, 1],
    [8, 4],
  ] as const) {
    it(`go to ${most} strangers at once where ${concurrency} are checked at once`, async () => {
      const turns = new LoginTurns({ concurrency, maxWaiting: 100 });
      for (let i = 0; i < 20; i++) void turns.run(...stranger(i), checks.of(`s${i}`));
      await settled();
      expect(checks.begun).to.have.length(most);
    });
  }

  it("go to known callers at once while strangers wait, and to as many as are checked at once", async () => {
    const turns = new LoginTurns({ concurrency: 2, maxWaiting: 100 });
    for (let i = 0; i < 50; i++) void turns.run(...stranger(i), checks.of(`s${i}`));
    void turns.run(...known(1), checks.of("k1"));
    void turns.run(...known(2), checks.of("k2"));
    await settled();
    expect(checks.begun).to.deep.equal(["s0", "k1"]);
    await checks.end("s0");
    expect(checks.begun).to.deep.equal(["s0", "k1", "k2"]);
    await checks.end("k1", "k1");
    expect(checks.begun)
      .to.have.length(4)
      .and.satisfy((begun: string[]) => begun[3]?.startsWith("s"));
  });

  it("are never refused to known callers, however many strangers wait", async () => {
    const turns = new LoginTurns({ concurrency: 1, maxWaiting: 1 });
    const strangers = Array.from({ length: 10 }, (_, i) => turns.run(...stranger(i), checks.of(`s${i}`)));
    const refused = Promise.allSettled(strangers.slice(1, 9));
    const callers = Array.from({ length: 10 }, (_, i) => turns.run(...known(i), async () => `k${i}`));
    for (const one of await refused) expect(one).to.have.nested.property("reason.code", "RATE_LIMITED");
    await checks.end("s0");
    expect(await Promise.all(callers)).to.deep.equal(Array.from({ length: 10 }, (_, i) => `k${i}`));
    await checks.end("s9", "s9");
    expect(await strangers[9]).to.equal("s9");
  });

  it("are refused to the most suspicious of too many strangers, not to one from another address", async () => {
    const turns = new LoginTurns({ concurrency: 1, maxWaiting: 3 });
    await turns.run(...stranger(0), async () => undefined);
    const flood = Array.from({ length: 20 }, (_, i) => turns.run(...stranger(i), checks.of(`s${i}`)));
    const refused = Promise.allSettled(flood);
    const login = turns.run(...stranger(100, "home"), checks.of("login"));
    const more = turns.run(...stranger(200), checks.of("more")).catch((error: unknown) => error);
    await checks.end("s0");
    expect(checks.begun).to.deep.equal(["s0", "login"]);
    await checks.end("login", "anna");
    expect(await login).to.equal("anna");
    for (let i = 0; i < 20; i++) await checks.end(`s${i}`);
    await checks.end("more");
    const codes = (await refused).map((one) =>
      one.status === "rejected" ? (one.reason as { code: string }).code : "",
    );
    expect(codes.filter((code) => code === "RATE_LIMITED").length).to.be.within(17, 18);
    await more;
  });

  it("are refused to a stranger that has waited long enough, but not to a known caller", async () => {
    const turns = new LoginTurns({ concurrency: 1, maxWaiting: 10, maxWaitMs: 20 });
    const first = turns.run(...stranger(1), checks.of("s1"));
    const caller = turns.run(...known(1), async () => "k1");
    const late = await turns.run(...stranger(2), checks.of("s2")).catch((error: unknown) => error);
    expect(late).to.have.property("code", "RATE_LIMITED");
    await checks.end("s1", "s1");
    expect([await first, await caller]).to.deep.equal(["s1", "k1"]);
    expect(checks.begun).to.deep.equal(["s1"]);
  });

  it("go on after a check that throws, which counts against nobody", async () => {
    const turns = new LoginTurns({ concurrency: 1, maxWaiting: 10 });
    const broken = turns.run(...stranger(1), () => Promise.reject(new Error("out of reach")));
    expect(await broken.catch((error: unknown) => error)).to.have.property("message", "out of reach");
    expect(await turns.run(...stranger(2), async () => "yes")).to.equal("yes");
  });
});
