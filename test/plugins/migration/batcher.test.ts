import { expect } from "chai";
import { Batcher } from "../../../src/plugins/migration/batcher.js";
import { deferred, rejection } from "../../support/deferred.js";

describe("the batcher", () => {
  const never = new AbortController().signal;

  it("hands on simultaneous items together, and answers in order", async () => {
    const batches: (readonly number[])[] = [];
    const batcher = new Batcher(async (items: readonly number[]) => {
      batches.push(items);
      return items.map((item) => item * 2);
    });
    expect(await Promise.all([1, 2, 3].map((item) => batcher.ask(item, never)))).to.deep.equal([2, 4, 6]);
    expect(batches).to.deep.equal([[1, 2, 3]]);
  });

  it("fails all items of a call together", async () => {
    const batcher = new Batcher<number, number>(() => Promise.reject(new Error("gone")));
    const errors = await Promise.all([1, 2].map((item) => rejection(batcher.ask(item, never))));
    expect(errors.map((error) => (error as Error).message)).to.deep.equal(["gone", "gone"]);
  });

  it("drops an item at once that is told to stop, and stops the call once nobody waits for it", async () => {
    const began = deferred<AbortSignal>();
    const batcher = new Batcher<number, number>((_items, signal) => {
      began.resolve(signal);
      return new Promise((_, failed) => signal.addEventListener("abort", () => failed(signal.reason)));
    });
    const [first, second] = [new AbortController(), new AbortController()];
    const asked = [rejection(batcher.ask(1, first.signal)), rejection(batcher.ask(2, second.signal))];
    const signal = await began.promise;
    first.abort(new Error("cancelled"));
    expect(((await asked[0]) as Error).message).to.equal("cancelled");
    expect(signal.aborted, "another one still waits").to.equal(false);
    second.abort(new Error("cancelled, too"));
    expect(((await asked[1]) as Error).message).to.equal("cancelled, too");
    expect(signal.aborted).to.equal(true);
  });

  it("does not call for an item that was told to stop before", async () => {
    const batcher = new Batcher<number, number>(() => Promise.reject(new Error("asked")));
    const error = await rejection(batcher.ask(1, AbortSignal.abort(new Error("before"))));
    expect((error as Error).message).to.equal("before");
  });
});
