import type { Trace, TraceHead, TraceLine } from "./trace.js";

/** What a made trace is like. */
export interface TraceKind {
  readonly name: string;
  readonly assets: number;
  readonly concurrency: number;
  readonly prior: "absent" | "present" | "another machine" | "wrong";
  readonly seed: number;
}

/** An asset before it is run: its time on a machine of speed 1. */
interface Plan {
  readonly type: string;
  readonly size: number;
  readonly costMs: number;
}

type Random = () => number;

/** A small generator of numbers from 0 to 1 (mulberry32): the same for the same seed, everywhere. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const between = (random: Random, low: number, high: number): number => low * (high / low) ** random();
const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const lognormal = (random: Random, sigma: number): number => Math.exp(sigma * normal(random) - sigma ** 2 / 2);

/** The time of a type's assets: part of it grows with the size. */
interface TypeCost {
  readonly type: string;
  readonly share: number;
  readonly costMs: number;
  readonly size: number;
  readonly sizeSigma: number;
  /** Share of the cost that is linear in size. */
  readonly linear: number;
}

const TYPES = ["DITATOPIC", "DITAMAP", "MARKDOWN", "HTML/CSS", "OTHERS"];

function typesOf(random: Random, spread: number, linear: () => number, sizeSigma: number): TypeCost[] {
  const count = 2 + Math.floor(random() * 4);
  return TYPES.slice(0, count).map((type) => ({
    type,
    share: between(random, 0.1, 1),
    costMs: between(random, 1, spread),
    size: between(random, 1_000, 100_000),
    sizeSigma,
    linear: linear(),
  }));
}

function assetOf(random: Random, cost: TypeCost, sigma: number): Plan {
  const factor = lognormal(random, cost.sizeSigma);
  const size = Math.max(1, Math.round(cost.size * factor));
  const costMs = cost.costMs * (1 - cost.linear + cost.linear * factor) * lognormal(random, sigma);
  return { type: cost.type, size, costMs };
}

function pick(random: Random, types: readonly TypeCost[]): TypeCost {
  let left = random() * types.reduce((sum, { share }) => sum + share, 0);
  for (const type of types) if ((left -= type.share) <= 0) return type;
  return types[types.length - 1] as TypeCost;
}

const many = (count: number, make: (i: number) => Plan): Plan[] => Array.from({ length: count }, (_, i) => make(i));

/** Folders of some assets each, in each of which one type prevails. */
function folders(random: Random, count: number, types: readonly TypeCost[], sigma: number): Plan[] {
  const plans: Plan[] = [];
  while (plans.length < count) {
    const main = pick(random, types);
    const purity = 0.5 + random() / 2;
    const assets = Math.min(count - plans.length, Math.ceil(between(random, 3, Math.max(10, count / 8))));
    for (let i = 0; i < assets; i++) plans.push(assetOf(random, random() < purity ? main : pick(random, types), sigma));
  }
  return plans;
}

/** Assets of one type after those of the others; the dear type is the last or the first. */
function dearTypeApart(random: Random, count: number, dearFirst: boolean): Plan[] {
  const sigma = between(random, 0.05, 0.6);
  const cheap = typesOf(random, 3, () => 0, 0.5);
  const dear: TypeCost = { ...(cheap.pop() as TypeCost), costMs: between(random, 8, 80) };
  const dearCount = Math.ceil(count * between(random, 0.05, 0.4));
  const dearPlans = many(dearCount, () => assetOf(random, dear, sigma));
  const cheapPlans = many(count - dearCount, () => assetOf(random, pick(random, cheap), sigma));
  return dearFirst ? [...dearPlans, ...cheapPlans] : [...cheapPlans, ...dearPlans];
}

/** One type, mixed types, or folders of them. */
function anyOrder(random: Random, count: number, spread: number): Plan[] {
  const types = typesOf(random, spread, () => 0, 0.5);
  const order = Math.floor(random() * 3);
  if (order === 0) return folders(random, count, types, 0.2);
  const some = order === 1 ? types : types.slice(0, 1);
  return many(count, () => assetOf(random, pick(random, some), 0.2));
}

const PLANS: Readonly<Record<string, (random: Random, count: number) => Plan[]>> = {
  uniform: (random, count) => {
    const sigma = between(random, 0.01, 0.8);
    const type: TypeCost = { type: "DITATOPIC", share: 1, costMs: 1, size: 5_000, sizeSigma: 0.5, linear: 0 };
    return many(count, () => assetOf(random, type, sigma));
  },
  mixed: (random, count) => {
    const types = typesOf(random, 50, () => 0, 0.5);
    return many(count, () => assetOf(random, pick(random, types), 0.3));
  },
  "slow type last": (random, count) => dearTypeApart(random, count, false),
  "slow type first": (random, count) => dearTypeApart(random, count, true),
  folders: (random, count) =>
    folders(
      random,
      count,
      typesOf(random, 60, () => 0, 0.5),
      between(random, 0.05, 0.5),
    ),
  "folders and sizes": (random, count) =>
    folders(
      random,
      count,
      typesOf(random, 30, () => random(), 1.2),
      between(random, 0.05, 0.3),
    ),
  sizes: (random, count) => {
    const types = typesOf(random, 10, () => 0.5 + random() / 2, 1);
    const trend = between(random, 0.2, 5);
    return many(count, (i) => {
      const type = pick(random, types);
      return assetOf(random, grown(type, trend ** (i / count - 0.5)), 0.2);
    });
  },
  "heavy tail": (random, count) => {
    const types = typesOf(random, 5, () => 0, 0.5);
    const share = between(random, 0.001, 0.02);
    return folders(random, count, types, 0.3).map((plan) =>
      random() < share ? { ...plan, costMs: plan.costMs * between(random, 30, 90) } : plan,
    );
  },
  "slow-down": (random, count) => anyOrder(random, count, 8),
  "speed-up": (random, count) => anyOrder(random, count, 8),
  "warm-up": (random, count) => anyOrder(random, count, 8),
  waves: (random, count) => anyOrder(random, count, 20),
};

/** The same type with assets so many times as large, and as much dearer as that makes them. */
const grown = (type: TypeCost, times: number): TypeCost => {
  const factor = 1 - type.linear + type.linear * times;
  return { ...type, size: type.size * times, costMs: type.costMs * factor, linear: (type.linear * times) / factor };
};

export const TRACE_KINDS: readonly string[] = Object.keys(PLANS);

/** Returns how many times as long everything takes at a time, of a job that would last `wholeMs` at speed 1. */
function slownessOf(name: string, random: Random, wholeMs: number): (atMs: number) => number {
  if (name === "slow-down" || name === "speed-up") {
    const change = between(random, 1.5, 5) ** (name === "slow-down" ? 1 : -1);
    const fromMs = wholeMs * (0.1 + 0.6 * random());
    const rampMs = random() < 0.5 ? 1 : wholeMs * 0.3 * random();
    return (atMs) => change ** Math.min(1, Math.max(0, (atMs - fromMs) / rampMs));
  }
  if (name === "warm-up") {
    const much = between(random, 1, 6);
    const tauMs = Math.min(between(random, 1_000, 20_000), wholeMs / 4);
    return (atMs) => 1 + much * Math.exp(-atMs / tauMs);
  }
  if (name === "waves") {
    const periodMs = between(random, 10_000, 120_000);
    const much = 0.1 + 0.4 * random();
    return (atMs) => 1 + much * Math.sin((2 * Math.PI * atMs) / periodMs);
  }
  return () => 1;
}

/** Makes a trace: assets in their order, run in so many lanes. */
export function makeTrace({ name, assets, concurrency, prior, seed }: TraceKind): Trace {
  const random = randomOf(seed);
  const plans = (PLANS[name] as (random: Random, count: number) => Plan[])(random, assets);
  const planned = plans.reduce((sum, { costMs }) => sum + costMs, 0);
  // Small jobs last some seconds at least, large ones an hour at most.
  const wholeMs = between(random, 8_000, Math.min(3_600_000, Math.max(60_000, assets * 200)));
  const unit = (wholeMs * concurrency) / planned;
  const slowness = slownessOf(name, random, wholeMs);
  const lanes = Array.from({ length: concurrency }, () => 0);
  const lines: TraceLine[] = [];
  for (const { type, size, costMs } of plans) {
    const lane = lanes.indexOf(Math.min(...lanes));
    const began = lanes[lane] as number;
    const durationMs = costMs * unit * slowness(began);
    lanes[lane] = began + durationMs;
    lines.push({ at: began + durationMs, type, size, durationMs });
  }
  lines.sort((a, b) => a.at - b.at);
  return { head: headOf(plans, unit, { concurrency, prior }, random), lines };
}

function headOf(
  plans: readonly Plan[],
  unit: number,
  { concurrency, prior }: Pick<TraceKind, "concurrency" | "prior">,
  random: Random,
): TraceHead {
  const census: Record<string, { assets: number; bytes: number; busyMs: number }> = {};
  for (const { type, size, costMs } of plans) {
    const sum = (census[type] ??= { assets: 0, bytes: 0, busyMs: 0 });
    sum.assets++;
    sum.bytes += size;
    sum.busyMs += costMs * unit;
  }
  const machine = prior === "another machine" ? between(random, 0.25, 4) : 1;
  const left = Object.entries(census).map(([type, { assets, bytes, busyMs }]) => {
    const wrong = prior === "wrong" ? between(random, 0.2, 5) : lognormal(random, 0.1);
    const share = between(random, 0.2, 2);
    const earlier = {
      assets: Math.ceil(assets * share),
      bytes: bytes * share,
      busyMs: busyMs * share * machine * wrong,
    };
    return [type, earlier] as const;
  });
  return {
    total: plans.length,
    census: Object.fromEntries(Object.entries(census).map(([type, { assets, bytes }]) => [type, { assets, bytes }])),
    concurrency,
    prior: prior === "absent" ? null : Object.fromEntries(left),
  };
}

/** A set of made traces: every kind, with and without a prior, of all sizes and concurrencies. */
export function traceSet(seed: number, perKind: number): TraceKind[] {
  const random = randomOf(seed);
  const one = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  return TRACE_KINDS.flatMap((name) =>
    Array.from({ length: perKind }, (_, i) => ({
      name,
      assets: i === 0 ? 20 : one([100, 500, 2_000, 2_000, 10_000, 10_000, i % 8 === 1 ? 100_000 : 20_000]),
      concurrency: one([1, 2, 4, 8, 16]),
      prior: one(["absent", "absent", "present", "present", "another machine", "wrong"] as const),
      seed: Math.floor(random() * 2 ** 31),
    })),
  );
}
