import { expect } from "chai";
import { withTicks } from "../../../../src/core/engine/discovery/with-ticks.js";
import { deferred, rejection } from "../../../support/deferred.js";
import { ManualClock, quiet } from "../../../support/manual-clock.js";

describe("a source that is read with ticks", () => {
  it("is read one item ahead while its consumer is at work, and no further", async () => {
    let asked = 0;
    async function* source(): AsyncGenerator<number> {
      for (;;) yield ++asked;
    }
    const work = deferred<void>();
    const reading = (async () => {
      for await (const item of withTicks(source(), () => undefined, new ManualClock())) {
        await work.promise;
        if (item === 3) return item;
      }
      return undefined;
    })();
    await quiet();
    expect(asked).to.equal(2);
    work.resolve();
    expect(await reading).to.equal(3);
  });

  it("may fail behind the item at which its consumer leaves", async () => {
    async function* source(): AsyncGenerator<number> {
      yield 1;
      throw new Error("too late");
    }
    for await (const item of withTicks(source(), () => undefined, new ManualClock())) {
      await quiet();
      expect(item).to.equal(1);
      break;
    }
    await quiet();
  });

  it("fails after the items before its failure", async () => {
    async function* source(): AsyncGenerator<number> {
      yield 1;
      yield 2;
      throw new Error("broken");
    }
    const seen: (number | undefined)[] = [];
    const failed = await rejection(
      (async () => {
        for await (const item of withTicks(source(), () => undefined, new ManualClock())) seen.push(item);
      })(),
    );
    expect([seen, (failed as Error).message]).to.deep.equal([[1, 2], "broken"]);
  });
});
