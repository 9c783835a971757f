import { getEventListeners } from "node:events";
import { expect } from "chai";
import { randomIds, sha256, systemClock } from "../../../src/adapters/runtime/index.js";

describe("the system clock", () => {
  it("never goes back", () => {
    let last = systemClock.monotonicMs();
    for (let i = 0; i < 10_000; i++) {
      const now = systemClock.monotonicMs();
      expect(now).to.be.at.least(last);
      last = now;
    }
  });

  it("sleeps at least about as long as requested", async () => {
    const started = systemClock.monotonicMs();
    await systemClock.sleep(30);
    expect(systemClock.monotonicMs() - started).to.be.at.least(28);
  });

  it("wakes up as soon as it is told to, and at once if it was told before", async () => {
    const stop = new AbortController();
    const sleeping = systemClock.sleep(60_000, stop.signal);
    stop.abort(new Error("enough"));
    await sleeping;
    await systemClock.sleep(60_000, stop.signal);
  });

  it("leaves no listener behind on a signal that outlives many sleeps", async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) await systemClock.sleep(0, signal);
    expect(getEventListeners(signal, "abort")).to.have.length(0);
  });

  it("yields to whatever is waiting in the event loop", async () => {
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    await systemClock.yield();
    expect(turned).to.equal(true);
  });
});

describe("ids and hashes", () => {
  it("are random UUIDs of version 4", () => {
    const ids = Array.from({ length: 100 }, () => randomIds.uuid());
    for (const id of ids) expect(id).to.match(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(new Set(ids).size).to.equal(100);
  });

  it("are SHA-256 of all pieces together", () => {
    const digest = sha256();
    digest.update(Buffer.from("a"));
    digest.update(Buffer.from("bc"));
    expect(digest.finish()).to.equal("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
