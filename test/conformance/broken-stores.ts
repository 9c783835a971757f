import { AssetmillError } from "../../src/core/errors.js";
import type { Lease } from "../../src/core/job/lease.js";
import type { ChunkPart } from "../../src/core/job/chunk.js";
import { claimRequest } from "../../src/testing/conformance/job-steps.js";
import type { StorePort, Stores } from "../../src/testing/index.js";

/** A sound store with one fault, and the guarantee that names it. */
interface BrokenStore {
  readonly fault: string;
  readonly port: StorePort;
  readonly alter: (sound: Stores) => Partial<Stores>;
  readonly breaks: string;
}

/** A port with some methods replaced. */
function instead<T extends object>(sound: T, faults: Partial<T>): T {
  return new Proxy(sound, {
    get(target, name) {
      if (Object.hasOwn(faults, name)) return Reflect.get(faults, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const inJobs = (faults: (sound: Stores["jobs"]) => Partial<Stores["jobs"]>) => (sound: Stores) => ({
  jobs: instead(sound.jobs, faults(sound.jobs)),
});
const inChunks =
  (faults: (sound: Stores["chunks"], stores: Stores) => Partial<Stores["chunks"]>) => (sound: Stores) => ({
    chunks: instead(sound.chunks, faults(sound.chunks, sound)),
  });
const inLog = (faults: (sound: Stores["log"]) => Partial<Stores["log"]>) => (sound: Stores) => ({
  log: instead(sound.log, faults(sound.log)),
});
const inReports = (faults: (sound: Stores["reports"]) => Partial<Stores["reports"]>) => (sound: Stores) => ({
  reports: instead(sound.reports, faults(sound.reports)),
});

/** The epoch under which a chunk is held now, found by trying. */
async function currentEpoch(sound: Stores["chunks"], lease: Lease): Promise<Lease> {
  for (let epoch = lease.epoch; epoch < lease.epoch + 10; epoch++) {
    const tried = { ...lease, epoch };
    if ((await sound.renew([tried], 60_000)).length === 0) return tried;
  }
  return lease;
}

const OLD_EPOCH =
  "a commit under an old epoch is answered as lost and stores nothing: no outcome, count, line or result";

export const BROKEN_STORES: readonly BrokenStore[] = [
  {
    fault: "announces under whatever epoch",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      announce: async (lease, index) => sound.announce(await currentEpoch(sound, lease), index),
    })),
    breaks: "an announcement under an old epoch stores nothing",
  },
  {
    fault: "does not keep announcements",
    port: "ChunkStore",
    alter: inChunks(() => ({ announce: async () => "announced" })),
    breaks: "three deaths in a row while one asset was announced make it poisoned, until it has its outcome",
  },
  {
    fault: "gives careful chunks to whoever asks",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ claim: (request) => sound.claim({ ...request, alone: true }) })),
    breaks: "who is not alone makes a careful chunk READY, its epoch moved on, and is told that it waits",
  },
  {
    fault: "takes any outcome for a sign of life",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      commit: (parts, results) =>
        sound.commit(
          parts.map((part) => ({ ...part, advances: part.outcomes.length > 0 })),
          results,
        ),
    })),
    breaks: "only a part with the first open asset's outcome forgets deaths and charges; announcing does not",
  },
  {
    fault: "loses what a request excludes",
    port: "JobStore",
    alter: inJobs((sound) => ({
      create: (draft, admit) => {
        const { excludedPaths: _lost, ...request } = draft.request;
        return sound.create({ ...draft, request }, admit);
      },
    })),
    breaks: "every shape of a request is stored and read as it was",
  },
  {
    fault: "takes pausing for running",
    port: "JobStore",
    alter: inJobs((sound) => ({
      get: async (id) => {
        const job = await sound.get(id);
        return job?.state.status === "PROCESSING" ? { ...job, state: { ...job.state, pausing: false } } : job;
      },
    })),
    breaks: "every state of a job, and every field that may change, is stored and read as it was",
  },
  {
    fault: "says nothing of a change that the lifecycle denies",
    port: "JobStore",
    alter: inJobs((sound) => ({
      update: async (id, decide) => {
        try {
          return await sound.update(id, decide);
        } catch (error) {
          const job = await sound.get(id);
          if (!job || !AssetmillError.is(error) || error.code !== "INTERNAL") throw error;
          return job;
        }
      },
    })),
    breaks: "a change of status that the lifecycle denies is refused as INTERNAL and stores nothing",
  },
  {
    fault: "looks at the overlap outside of the lock",
    port: "JobStore",
    alter: inJobs((sound) => ({
      create: async (draft, admit) => {
        const statuses = ["WAITING", "PROCESSING", "CANCELLING", "PAUSED"] as const;
        const { repository } = draft;
        const { type } = draft.request;
        admit(await sound.list({ limit: 99, repository, type, statuses, holding: true }));
        return sound.create(draft, () => {});
      },
    })),
    breaks: "of many starts at once on one scope, on two nodes, one wins, and the others are told which",
  },
  {
    fault: "decides an update outside of the lock",
    port: "JobStore",
    alter: inJobs((sound) => ({
      update: async (id, decide) => {
        const job = await sound.get(id);
        if (!job) return sound.update(id, decide);
        const change = decide({ job, facts: { leased: false, nowMs: Date.now() }, rivals: [] });
        return sound.update(id, () => change);
      },
    })),
    breaks: "updates come one after the other: of many at once on two nodes none is lost",
  },
  {
    fault: "stores a creation before it is refused",
    port: "JobStore",
    alter: inJobs((sound) => ({
      create: async (draft, admit) => {
        const rivals: Parameters<typeof admit>[0][] = [];
        const job = await sound.create(draft, (found) => void rivals.push(found));
        for (const found of rivals) admit(found);
        return job;
      },
    })),
    breaks: "a creation that is refused stores nothing",
  },
  {
    fault: "knows keys of all principals as one's own",
    port: "JobStore",
    alter: inJobs((sound) => ({ byKey: (_principal, key) => sound.byKey("ann", key) })),
    breaks: "a key is its principal's own, exact to the character",
  },
  {
    fault: "forgets for which request a key stands",
    port: "JobStore",
    alter: inJobs((sound) => ({
      create: async (draft, admit) => {
        const { idempotency, createdBy } = draft;
        const known = idempotency && (await sound.byKey(createdBy, idempotency.key));
        if (!known) return sound.create(draft, admit);
        return sound.create({ ...draft, idempotency: { ...idempotency, fingerprint: known.fingerprint } }, admit);
      },
    })),
    breaks: "a key that stands for another request is an IDEMPOTENCY_CONFLICT that names its job; nothing is stored",
  },
  {
    fault: "shows the job that it is to go on before once more",
    port: "JobStore",
    alter: inJobs((sound) => ({
      list: ({ beforeSequence, ...query }) =>
        sound.list({ ...query, ...(beforeSequence === undefined ? {} : { beforeSequence: beforeSequence + 1 }) }),
    })),
    breaks: "a list is newest created first, cut at its limit, and goes on before a job exactly where it was cut",
  },
  {
    fault: "ignores the epoch",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      commit: async (parts, results) => {
        const moved: ChunkPart[] = [];
        for (const part of parts) moved.push({ ...part, lease: await currentEpoch(sound, part.lease) });
        return sound.commit(moved, results);
      },
    })),
    breaks: OLD_EPOCH,
  },
  {
    fault: "writes results before it looks at the epoch",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      commit: async (parts, results) => {
        await results?.(
          undefined as never,
          parts.flatMap(({ writes }) => writes),
        );
        return sound.commit(parts);
      },
    })),
    breaks: OLD_EPOCH,
  },
  {
    fault: "stores a repeated commit once more",
    port: "ChunkStore",
    alter: inChunks((sound, { log }) => ({
      commit: async (parts, results) => {
        const answers = await sound.commit(
          parts.map((part) => ({ ...part, lines: [] })),
          results,
        );
        for (const [i, { lease, lines }] of parts.entries()) {
          if (answers[i]?.end === "committed") await log.append(lease.jobId, lines);
        }
        return answers;
      },
    })),
    breaks: "a commit repeated is answered as committed and doubles nothing (open)",
  },
  {
    fault: "stores the parts of a commit each by itself",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      commit: async (parts, results) => {
        const answers = [];
        for (const part of parts) answers.push(...(await sound.commit([part], results)));
        return answers;
      },
    })),
    breaks: "a commit for a job that is not there fails as JOB_NOT_FOUND and stores nothing of the others",
  },
  {
    fault: "writes lines though the results could not be written",
    port: "ChunkStore",
    alter: inChunks((sound, { log }) => ({
      commit: async (parts, results) => {
        try {
          return await sound.commit(parts, results);
        } catch (error) {
          for (const { lease, lines } of parts) await log.append(lease.jobId, lines).catch(() => {});
          throw error;
        }
      },
    })),
    breaks: "a commit whose results cannot be written stores nothing at all, and can be repeated",
  },
  {
    fault: "answers the parts of a commit in another order",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      commit: async (parts, results) => [...(await sound.commit(parts, results))].reverse(),
    })),
    breaks:
      "a lost part is left out while the others of its commit are stored, over several jobs, each answered in place",
  },
  {
    fault: "has reap steal a live lease",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ reap: () => sound.reap(() => true) })),
    breaks: "the reaper leaves the living in a job that is being cancelled alone; it ends once they are done",
  },
  {
    fault: "has reap leave the dead",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ reap: () => sound.reap(() => false) })),
    breaks: "the reaper ends a job that was told to stop (cancel) and whose owner is dead; no zombie commits to it",
  },
  {
    fault: "claims live leases",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ claim: (request) => sound.claim({ ...request, isKnownDead: () => true }) })),
    breaks: "a takeover waits for a lease that has not run out",
  },
  {
    fault: "gives a worker anew what it still holds",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ claim: (request) => sound.claim({ ...request, holding: [] }) })),
    breaks: "a takeover is never of what the asker itself still holds, run out or not; others take it",
  },
  {
    fault: "claims more than was asked for",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      claim: (request) => sound.claim({ ...request, chunks: request.chunks > 0 ? request.chunks + 1 : 0 }),
    })),
    breaks: "a claim takes chunks in path order with their manifests, no more than asked for, and counts them once",
  },
  {
    fault: "claims jobs whose handlers are not here",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ claim: (request) => sound.claim({ ...request, handlers: ["h", "exotic"] }) })),
    breaks: "a claim is of jobs of its repository whose every handler the node has",
  },
  {
    fault: "hands out what has an outcome already",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      claim: async (request) =>
        (await sound.claim(request)).map((claim) => ({
          ...claim,
          chunks: claim.chunks.map((chunk) => ({ ...chunk, open: chunk.entries.map((_, i) => i) })),
        })),
    })),
    breaks: "a chunk is gone on with at the indices that have no outcome, over several earlier parts and leases",
  },
  {
    fault: "renews what was lost",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      renew: async (leases, ttlMs) => {
        await sound.renew(leases, ttlMs);
        return [];
      },
    })),
    breaks: "a renewal answers the leases that were lost, taken over or done, and renews the others",
  },
  {
    fault: "does not renew",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ renew: async (leases) => sound.renew(leases, 0) })),
    breaks: "a renewal keeps leases that would have run out, and no others",
  },
  {
    fault: "releases whoever holds the chunk",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      release: async (leases) => {
        const current = [];
        for (const lease of leases) current.push(await currentEpoch(sound, lease));
        await sound.release(current);
      },
    })),
    breaks: "a release of a lease that was lost, or of a chunk that is done, changes nothing",
  },
  {
    fault: "keeps released chunks until their time is over",
    port: "ChunkStore",
    alter: inChunks(() => ({ release: async () => {} })),
    breaks: "a release gives the chunk back at once, and its outcomes stay",
  },
  {
    fault: "answers a repeated page as lost",
    port: "ChunkStore",
    alter: inChunks((sound) => {
      const seen = new Set<string>();
      return {
        addPage: async (lease, page) => {
          const answer = await sound.addPage(lease, page);
          const key = `${lease.jobId} ${lease.epoch} ${page.part}`;
          if (seen.has(key)) return { ...answer, end: "lost" };
          seen.add(key);
          return answer;
        },
      };
    }),
    breaks: "a page of discovery repeated is answered as committed and doubles nothing",
  },
  {
    fault: "ignores the epoch of discovery",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      addPage: async (lease, page) => sound.addPage(await currentEpoch(sound, lease), page),
    })),
    breaks: "a page of discovery under an old epoch stores nothing",
  },
  {
    fault: "claims in the order of creation alone",
    port: "ChunkStore",
    alter: inChunks((sound, { jobs }) => ({
      claim: async (request) => {
        if (request.jobId !== undefined) return sound.claim(request);
        const claims = [];
        for (const { id } of [...(await jobs.list({ limit: 99 }))].reverse()) {
          claims.push(...(await sound.claim({ ...claimRequest(), ...request, jobId: id })));
        }
        return claims;
      },
    })),
    breaks: "claims are by priority, then by creation",
  },
  {
    fault: "renumbers its lines",
    port: "JobLog",
    alter: inLog((sound) => ({
      read: async (jobId, offset, limit) => {
        const page = await sound.read(jobId, 0, 1_000_000);
        const newest = [...page.lines].reverse();
        const end = offset + limit;
        return { lines: newest.slice(offset, end), offset, hasMore: end < newest.length };
      },
    })),
    breaks: "what a log said at a number it says for ever",
  },
  {
    fault: "pages one line too far",
    port: "JobLog",
    alter: inLog((sound) => ({
      read: async (jobId, offset, limit) => {
        const page = await sound.read(jobId, offset === 0 ? 0 : offset + 1, limit);
        return { ...page, offset };
      },
    })),
    breaks: "a page is the lines from its offset on, no more than its limit, and says whether there are more",
  },
  {
    fault: "promises more where the page ends with the log",
    port: "JobLog",
    alter: inLog((sound) => ({
      read: async (jobId, offset, limit) => {
        const page = await sound.read(jobId, offset, limit);
        return { ...page, hasMore: page.lines.length === limit };
      },
    })),
    breaks: "a page is the lines from its offset on, no more than its limit, and says whether there are more",
  },
  {
    fault: "loses the last line of what comes together",
    port: "JobLog",
    alter: inLog((sound) => ({
      append: (jobId, entries) => sound.append(jobId, entries.length > 100 ? entries.slice(0, -1) : entries),
    })),
    breaks: "a log's lines are numbered without gap from 0, as many as the job says",
  },
  {
    fault: "appends line by line",
    port: "JobLog",
    alter: inLog((sound) => ({
      append: async (jobId, entries) => {
        for (const entry of entries) await sound.append(jobId, [entry]);
      },
    })),
    breaks: "a log that many write at once, on two nodes, has no gap and no line twice; what came together stays so",
  },
  {
    fault: "has a tail of one line too few",
    port: "JobLog",
    alter: inLog((sound) => ({ tail: (jobId, count) => sound.tail(jobId, Math.max(0, count - 1)) })),
    breaks: "a tail is the last lines, with the number of its first",
  },
  {
    fault: "shows the outcome at its cursor once more",
    port: "JobReports",
    alter: inReports((sound) => ({
      outcomes: (jobId, { after, ...query }) =>
        sound.outcomes(jobId, { ...query, ...(after ? { after: { ...after, index: after.index - 1 } } : {}) }),
    })),
    breaks: "outcomes and assets after any cursor are exactly those behind it",
  },
  {
    fault: "fills its pages before it looks at the kinds",
    port: "JobReports",
    alter: inReports((sound) => ({
      outcomes: async (jobId, { kinds, ...query }) => {
        const { outcomes, ...next } = await sound.outcomes(jobId, query);
        return { outcomes: outcomes.filter(({ outcome }) => kinds?.includes(outcome) ?? true), ...next };
      },
    })),
    breaks: "outcomes, in pages of any size and of any kinds, are every asset once, in path order",
  },
  {
    fault: "shows outcomes in the order in which they came",
    port: "JobReports",
    alter: inReports((sound) => ({
      outcomes: async (jobId, query) => {
        const page = await sound.outcomes(jobId, query);
        const byTime = [...page.outcomes].sort((a, b) => a.attempts - b.attempts);
        return { ...page, outcomes: byTime };
      },
    })),
    breaks: "outcomes, in pages of any size and of any kinds, are every asset once, in path order",
  },
  {
    fault: "takes an asset without an outcome for one that it does not know",
    port: "JobReports",
    alter: inReports((sound) => ({
      outcomesAt: async (jobId, paths) => (await sound.outcomesAt(jobId, paths)).map((found) => found ?? undefined),
    })),
    breaks: "paths asked for answer their outcome, null without one, undefined where the job has not found them",
  },
  {
    fault: "dates outcomes when they are asked for",
    port: "JobReports",
    alter: inReports((sound) => ({
      outcomes: async (jobId, query) => {
        const page = await sound.outcomes(jobId, query);
        return { ...page, outcomes: page.outcomes.map((outcome) => ({ ...outcome, at: Date.now() })) };
      },
    })),
    breaks: "an outcome is dated when it ended, not when it was committed",
  },
];
