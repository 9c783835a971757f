import { expect } from "chai";
import fc from "fast-check";
import { Claimant, RecentLogins } from "../../../src/http/auth/recent-logins.js";
import { StrangerQueue } from "../../../src/http/auth/stranger-queue.js";

interface Asking {
  readonly what: string;
  readonly claimant: Claimant;
}

const asking = (name: string, address: string, what = `${name}@${address}`): Asking => ({
  what,
  claimant: new Claimant(name, address),
});

/** Fails that often from an address that is not the one of anybody else. */
const failures = (logins: RecentLogins, name: string, address: string, times: number): void => {
  for (let i = 0; i < times; i++) logins.failed(new Claimant(name, address));
};

describe("the queue of strangers", () => {
  let logins: RecentLogins;
  let queue: StrangerQueue<Asking>;

  beforeEach(() => {
    logins = new RecentLogins();
    queue = new StrangerQueue(logins);
  });

  const taken = (most = Infinity): string[] => {
    const order: string[] = [];
    for (let next; order.length < most && (next = queue.take());) order.push(next.what);
    return order;
  };

  it("checks an address without failures before those that have some, and those by how many", () => {
    failures(logins, "x", "bad", 3);
    failures(logins, "x", "worse", 300);
    for (const address of ["worse", "clean", "bad"]) queue.add(asking(`of ${address}`, address, address));
    expect(taken()).to.deep.equal(["clean", "bad", "worse"]);
  });

  it("lets nobody make a name's owner wait by guessing that name from elsewhere", () => {
    failures(logins, "anna", "elsewhere", 10_000);
    queue.add(asking("anna", "home"));
    for (let i = 0; i < 40; i++) queue.add(asking(i % 2 === 0 ? "anna" : `name${i}`, "elsewhere"));
    expect(taken(1)).to.deep.equal(["anna@home"]);
  });

  it("prefers a name that logged in from that address, unless that pair fails, too", () => {
    logins.succeeded(new Claimant("anna", "office"));
    failures(logins, "bert", "office", 50);
    queue.add(asking("anna", "office"));
    queue.add(asking("carla", "home"));
    expect(taken()).to.deep.equal(["anna@office", "carla@home"]);
    failures(logins, "anna", "office", 50);
    queue.add(asking("anna", "office"));
    queue.add(asking("carla", "home"));
    expect(taken()).to.deep.equal(["carla@home", "anna@office"]);
  });

  it("prefers among equals whoever asked last, and counts a repetition as asking", () => {
    for (const name of ["a", "b", "c"]) queue.add(asking(name, "same", name));
    queue.renew(({ what }) => what === "b");
    queue.renew(({ what }) => what === "nobody");
    expect(taken()).to.deep.equal(["b", "c", "a"]);
  });

  it("gives no name more than four turns in a row while others wait that are no more suspicious", () => {
    queue.add(asking("bert", "same", "bert"));
    for (let i = 0; i < 6; i++) queue.add(asking("anna", "same", `anna ${i}`));
    expect(taken()).to.deep.equal(["anna 5", "anna 4", "anna 3", "anna 2", "bert", "anna 1", "anna 0"]);
  });

  it("gives every eighth turn to whoever asked last, however suspicious", () => {
    failures(logins, "x", "bad", 1_000);
    for (let i = 0; i < 20; i++) queue.add(asking(`name${i}`, "clean"));
    queue.add(asking("x", "bad", "suspect"));
    const order = taken();
    expect(order.indexOf("suspect")).to.equal(7);
    expect(order).to.have.length(21);
  });

  it("sheds the most suspicious first, and of these whoever asked longest ago", () => {
    failures(logins, "x", "bad", 10);
    for (const [name, address] of [
      ["a", "clean"],
      ["b", "bad"],
      ["c", "bad"],
      ["d", "clean"],
    ] as const)
      queue.add(asking(name, address, name));
    expect(
      [queue.shed(), queue.shed(), queue.shed(), queue.shed(), queue.shed()].map((each) => each?.what),
    ).to.deep.equal(["b", "c", "a", "d", undefined]);
  });

  it("knows those suspects that became so while they waited", () => {
    queue.add(asking("a", "home"));
    queue.add(asking("b", "bad"));
    failures(logins, "x", "bad", 10);
    expect(taken()).to.deep.equal(["a@home", "b@bad"]);
  });

  it("hands out everybody who was not shed, and nobody twice", () => {
    const person = fc.record({ name: fc.constantFrom("anna", "b", "c"), address: fc.constantFrom("1", "2", "3") });
    const step = fc.oneof(person, fc.constant("take" as const), fc.constant("shed" as const));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const all = new RecentLogins();
        const fresh = new StrangerQueue<Asking>(all);
        const waiting = new Set<Asking>();
        for (const each of steps) {
          if (typeof each === "object") {
            const one = asking(each.name, each.address);
            fresh.add(one);
            waiting.add(one);
          } else {
            const next = fresh[each]();
            expect(next === undefined).to.equal(waiting.size === 0);
            if (next) {
              expect(waiting.delete(next)).to.equal(true);
              all.failed(next.claimant);
            }
          }
          expect(fresh.size).to.equal(waiting.size);
        }
      }),
    );
  });
});

describe("what is remembered of failed logins", () => {
  it("is bounded: an address is forgotten once enough others have failed", () => {
    const logins = new RecentLogins();
    failures(logins, "x", "first", 100);
    expect(logins.suspicionOf(new Claimant("y", "first"))).to.equal(6);
    for (let i = 0; i < 10_000; i++) failures(logins, "x", `other ${i}`, 1);
    expect(logins.suspicionOf(new Claimant("y", "first"))).to.equal(0);
  });
});
