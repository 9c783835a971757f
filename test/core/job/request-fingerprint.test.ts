import { expect } from "chai";
import fc from "fast-check";
import { FILE_TYPES } from "../../../src/core/asset/file-type.js";
import type { JobRequest, MaxFailures, RequestFilter } from "../../../src/core/job/job-request.js";
import { fingerprintOf, SCHEDULING_FIELDS, sameRequest } from "../../../src/core/job/request-fingerprint.js";

const REPOSITORY = "folder:/srv/assets?mount=/content/dam";

/** What may stand in each field. A new field does not compile until it has a sample here. */
type Samples<T> = { readonly [Name in keyof Required<T>]: fc.Arbitrary<T[Name]> };

const path = fc
  .array(fc.stringMatching(/^[a-zé,"[\]]{1,3}$/), { minLength: 1, maxLength: 3 })
  .map((p) => `/${p.join("/")}`);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

const FILTER = {
  fileTypes: fc.subarray([...FILE_TYPES]),
  startTime: maybe(fc.nat()),
  endTime: maybe(fc.nat()),
  filterProcessedAssets: fc.boolean(),
} satisfies Samples<RequestFilter>;

const SAMPLES = {
  type: fc.constantFrom("ASSET_PROCESSING", "OTHER_WORK", "$ASSET_STATUS"),
  paths: fc.uniqueArray(path, { minLength: 1, maxLength: 4 }),
  // None and an empty list ask for the same.
  excludedPaths: maybe(fc.uniqueArray(path, { minLength: 1, maxLength: 3 })),
  filter: fc.record(FILTER) as fc.Arbitrary<RequestFilter>,
  priority: fc.integer({ min: 0, max: 9 }),
  maxFailures: maybe(
    fc.oneof(
      fc.nat(),
      fc.nat(100).map((n): MaxFailures => `${n}%`),
    ),
  ),
  dryRun: maybe(fc.constant(true as const)),
  onOverlap: maybe(fc.constant("queue" as const)),
  failedOf: maybe(fc.uuid()),
  listing: maybe(fc.record({ missing: fc.uniqueArray(path, { maxLength: 3 }) })),
} satisfies Samples<JobRequest> & Record<keyof JobRequest, unknown>;

const request = fc.record(SAMPLES) as fc.Arbitrary<JobRequest>;
const differ = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);

describe("the fingerprint of a request", () => {
  for (const name of Object.keys(SAMPLES) as (keyof JobRequest)[]) {
    const sample: fc.Arbitrary<unknown> = SAMPLES[name];
    const schedules = (SCHEDULING_FIELDS as readonly string[]).includes(name);
    it(`changes with ${name}, which is ${schedules ? "not " : ""}part of the work that it asks for`, () => {
      fc.assert(
        fc.property(request, sample, (one, value) => {
          fc.pre(differ(one[name], value));
          const other = { ...one, [name]: value };
          expect(fingerprintOf(other, REPOSITORY)).not.to.equal(fingerprintOf(one, REPOSITORY));
          expect(sameRequest(one, other)).to.equal(schedules);
        }),
      );
    });
  }

  for (const name of Object.keys(FILTER) as (keyof RequestFilter)[]) {
    const sample: fc.Arbitrary<unknown> = FILTER[name];
    it(`changes with filter.${name}`, () => {
      fc.assert(
        fc.property(request, sample, (one, value) => {
          fc.pre(differ(one.filter?.[name], value));
          const other = { ...one, filter: { ...one.filter, [name]: value } } as JobRequest;
          expect(fingerprintOf(other, REPOSITORY)).not.to.equal(fingerprintOf(one, REPOSITORY));
          expect(sameRequest(one, other)).to.equal(false);
        }),
      );
    });
  }

  it("changes with the repository", () => {
    fc.assert(
      fc.property(request, (one) => {
        expect(fingerprintOf(one, "folder:/other")).not.to.equal(fingerprintOf(one, REPOSITORY));
      }),
    );
  });

  it("changes with a field that it was never told of, at every depth, and not with an undefined one", () => {
    const one: JobRequest = {
      type: "ASSET_PROCESSING",
      paths: ["/a"],
      filter: { fileTypes: [], filterProcessedAssets: false },
      priority: 5,
      listing: { missing: [] },
    };
    const { filter, listing } = one;
    const others = (value: unknown): JobRequest[] => [
      { ...one, added: value } as JobRequest,
      { ...one, filter: { ...filter, added: value } } as JobRequest,
      { ...one, listing: { ...listing, added: value } } as JobRequest,
    ];
    for (const value of [null, false, 0, "", [], {}, { a: 1 }]) {
      const prints = others(value).map((other) => fingerprintOf(other, REPOSITORY));
      expect(new Set([fingerprintOf(one, REPOSITORY), ...prints]).size, JSON.stringify(value)).to.equal(4);
      for (const other of others(value)) expect(sameRequest(one, other)).to.equal(false);
    }
    for (const other of others(undefined)) {
      expect(fingerprintOf(other, REPOSITORY)).to.equal(fingerprintOf(one, REPOSITORY));
    }
  });

  it("does not depend on the order in which fields were set", () => {
    const reversed = (value: object): object =>
      Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([name, part]: [string, unknown]) => [
            name,
            typeof part === "object" && part !== null && !Array.isArray(part) ? reversed(part) : part,
          ]),
      );
    const extended = request.map((one) => ({ ...one, z: { b: 1, a: [{ d: 1, c: 2 }] }, added: true }));
    fc.assert(
      fc.property(extended, (one) => {
        expect(fingerprintOf(reversed(one) as JobRequest, REPOSITORY)).to.equal(fingerprintOf(one, REPOSITORY));
      }),
    );
  });
});

/** As every version up to now stored them: after an upgrade the same key and body must find the same job. */
const STORED: readonly (readonly [JobRequest, string])[] = [
  [
    { type: "ASSET_PROCESSING", paths: ["/content/dam/a"], priority: 5 },
    String.raw`["folder:/srv/assets?mount=/content/dam","[\"ASSET_PROCESSING\",[\"/content/dam/a\"],[],[],null,null,false,null,false,null,null]",5,null]`,
  ],
  [
    {
      type: "ASSET_PROCESSING",
      paths: ["/b", "/a"],
      excludedPaths: ["/b/x", "/a/é"],
      filter: {
        fileTypes: ["DITATOPIC", "DITAMAP"],
        startTime: 1_761_291_362_776,
        endTime: 1_761_291_362_999,
        filterProcessedAssets: true,
      },
      priority: 0,
      maxFailures: "5%",
      onOverlap: "queue",
    },
    String.raw`["folder:/srv/assets?mount=/content/dam","[\"ASSET_PROCESSING\",[\"/b\",\"/a\"],[\"/b/x\",\"/a/é\"],[\"DITATOPIC\",\"DITAMAP\"],1761291362776,1761291362999,true,\"5%\",false,null,null]",0,"queue"]`,
  ],
  [
    {
      type: "OTHER_WORK",
      paths: ["/"],
      excludedPaths: [],
      filter: { fileTypes: [], filterProcessedAssets: false },
      priority: 9,
      maxFailures: 0,
      dryRun: true,
    },
    String.raw`["folder:/srv/assets?mount=/content/dam","[\"OTHER_WORK\",[\"/\"],[],[],null,null,false,0,true,null,null]",9,null]`,
  ],
  [
    {
      type: "ASSET_PROCESSING",
      paths: ["/a"],
      priority: 5,
      failedOf: "22222222-2222-4222-8222-222222222222",
    },
    String.raw`["folder:/srv/assets?mount=/content/dam","[\"ASSET_PROCESSING\",[\"/a\"],[],[],null,null,false,null,false,\"22222222-2222-4222-8222-222222222222\",null]",5,null]`,
  ],
  [
    { type: "$ASSET_STATUS", paths: ["/a", "/b"], priority: 0, listing: { missing: ["/b"] } },
    String.raw`["folder:/srv/assets?mount=/content/dam","[\"$ASSET_STATUS\",[\"/a\",\"/b\"],[],[],null,null,false,null,false,null,[\"/b\"]]",0,null]`,
  ],
];

describe("a fingerprint stored by an earlier version", () => {
  for (const [one, stored] of STORED) {
    it(`equals that of the same request today: ${one.type} ${one.paths.join(" ")}`, () => {
      expect(fingerprintOf(one, REPOSITORY)).to.equal(stored);
    });
  }
});
