import { isWithin } from "../../src/core/asset/path.js";
import { AssetmillError } from "../../src/core/errors.js";
import { entriesIn } from "../../src/core/job/manifest.js";
import type { Claim } from "../../src/core/ports/chunk-store.js";
import type { Lease } from "../../src/core/job/lease.js";
import type { ChunkPart, ManifestEntries } from "../../src/core/job/chunk.js";
import type { Job } from "../../src/core/job/job.js";
import { listedRequest } from "../../src/core/job/listed-job.js";
import { claimRequest } from "../../src/testing/conformance/job-steps.js";
import type { StorePort, Stores } from "../../src/testing/index.js";
import { othersOf } from "../support/others-of.js";

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

/** Releases discoveries that were just claimed. */
const giveBack = (chunks: Stores["chunks"], claims: readonly Claim[]): Promise<void> =>
  chunks.release(claims.flatMap(({ discovery }) => (discovery ? [discovery.lease] : [])));

/** Queued jobs that a broken store believes to wait, and for which job. */
const LEFT_WAITING = new Map<string, string>();

const OLD_EPOCH =
  "a commit under an old epoch is answered as lost and stores nothing: no outcome, count, line or result";

export const BROKEN_STORES: readonly BrokenStore[] = [
  {
    fault: "claims by the first 1,000 characters of a repository",
    port: "JobReports",
    alter: inChunks((sound, { jobs }) => ({
      claim: async (request) => {
        const [own] = await sound.claim(request);
        if (own || request.repository.length <= 1_000) return own ? [own] : [];
        const others = (await jobs.list({ limit: 100 })).jobs.map(({ repository }) => repository);
        const alike = others.find((other) => other.slice(0, 1_000) === request.repository.slice(0, 1_000));
        return alike === undefined ? [] : sound.claim({ ...request, repository: alike });
      },
    })),
    breaks: "a job of a repository with an identity of 4,096 bytes is claimed like any other",
  },
  {
    fault: "announces under any epoch",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      announce: async (lease, index) => sound.announce(await currentEpoch(sound, lease), index),
    })),
    breaks: "an announcement under an old epoch stores nothing",
  },
  {
    fault: "does not store announcements",
    port: "ChunkStore",
    alter: inChunks(() => ({ announce: async () => "announced" })),
    breaks: "three deaths in a row while one asset was announced make it poisoned, until it has its outcome",
  },
  {
    fault: "gives careful chunks to any worker",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ claim: (request) => sound.claim({ ...request, alone: true }) })),
    breaks: "a worker that is not alone makes a careful chunk READY under the next epoch, and is told that it waits",
  },
  {
    fault: "claims by priority alone",
    port: "ChunkStore",
    alter: inChunks((sound, { jobs }) => ({
      claim: async (request) => {
        if (request.jobId !== undefined) return sound.claim(request);
        const all = [...(await jobs.list({ limit: 99 })).jobs];
        all.sort((a, b) => a.request.priority - b.request.priority || a.sequence - b.sequence);
        const claims = [];
        let { chunks } = request;
        for (const { id } of all) {
          const found = await sound.claim({ ...request, chunks, jobId: id });
          chunks -= found.reduce((sum, claim) => sum + claim.chunks.length, 0);
          claims.push(...found);
        }
        return claims;
      },
    })),
    breaks: "a claim shares its chunks among jobs by their priorities: each step halves a job's share",
  },
  {
    fault: "gives newcomers nothing",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ claim: (request) => sound.claim({ ...request, newcomers: 0 }) })),
    breaks: "newcomers are jobs that the worker holds no chunk of: one at once, more once nobody else took them",
  },
  {
    fault: "takes jobs at work for jobs that wait",
    port: "ChunkStore",
    alter: inChunks((sound, { jobs }) => ({
      waiting: async (request) => {
        const { care } = await sound.waiting(request);
        const all = (await jobs.list({ limit: 99 })).jobs;
        const unserved = all.map(({ id, sequence }) => ({
          ...{ id, sequence, weight: 1, held: 0, waitedMs: 0, ready: 1, discovery: false },
        }));
        return { care, unserved };
      },
    })),
    breaks: "waiting jobs are those with READY work of which nothing is LEASED, furthest behind their share first",
  },
  {
    fault: "treats any outcome as progress",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      commit: (parts, results) =>
        sound.commit(
          parts.map((part) => ({ ...part, advances: part.outcomes.length > 0 })),
          results,
        ),
    })),
    breaks: "only a part with the first open asset's outcome clears deaths and charges; an announcement does not",
  },
  {
    fault: "loses a request's exclusions",
    port: "JobStore",
    alter: inJobs((sound) => ({
      create: (draft, admit) => {
        const { excludedPaths: _lost, ...request } = draft.request;
        return sound.create({ ...draft, request }, admit);
      },
    })),
    breaks: "every shape of a request is read as it was stored",
  },
  {
    fault: "reads pausing as running",
    port: "JobStore",
    alter: inJobs((sound) => ({
      get: async (id) => {
        const job = await sound.get(id);
        return job?.state.status === "PROCESSING" ? { ...job, state: { ...job.state, pausing: false } } : job;
      },
    })),
    breaks: "every state of a job, and every field that may change, is read as it was stored",
  },
  {
    fault: "takes a job whose leases it cannot see for attended",
    port: "JobStore",
    alter: inJobs(() => ({ unattended: async () => new Map() })),
    breaks: "a job is unattended from the end of its last lease on, and no longer once a lease is valid again",
  },
  {
    fault: "takes every job for unattended that holds no lease at this moment",
    port: "JobStore",
    alter: inJobs((sound) => ({
      unattended: async (ids) => {
        const leased = async (id: string): Promise<boolean> => {
          let held = true;
          await sound.update(id, ({ job, facts }) => {
            held = facts.leased;
            return { job, lines: [] };
          });
          return held;
        };
        const known = await sound.unattended(ids);
        const left = new Map(known);
        for (const { id } of (await sound.list({ ids, limit: 100 })).jobs) if (!(await leased(id))) left.set(id, 1);
        return left;
      },
    })),
    breaks: "a job that never had a lease is not unattended; nor is one between two chunks",
  },
  {
    fault: "accepts a change that the lifecycle denies",
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
    fault: "checks the overlap outside of the lock",
    port: "JobStore",
    alter: inJobs((sound) => ({
      create: async (draft, admit) => {
        const statuses = ["WAITING", "PROCESSING", "CANCELLING", "PAUSED"] as const;
        const { repository } = draft;
        const { type } = draft.request;
        const { jobs } = await sound.list({ limit: 99, repository, type, statuses, holding: true });
        const rivals = await Promise.all(jobs.map(({ id }) => sound.get(id)));
        await admit(othersOf(rivals.filter((job) => job !== undefined)));
        return sound.create(draft, async () => {});
      },
    })),
    breaks: "when many start on one scope at once, on two nodes, one wins, and the others are told which",
  },
  {
    fault: "finds no rival below a scope",
    port: "JobStore",
    alter: inJobs((sound) => ({
      update: (id, decide) =>
        sound.update(id, (view) =>
          decide({
            ...view,
            others: {
              ...view.others,
              oldestRival: async (scope, after) => {
                const found = await view.others.oldestRival(scope, after);
                const isAbove = found?.request.paths.some((path) => scope.roots.some((root) => isWithin(root, path)));
                return isAbove ? found : undefined;
              },
            },
          }),
        ),
    })),
    breaks: "the rival found among jobs of any scopes is the one that comparing with each job finds",
  },
  {
    fault: "counts all active jobs, however many",
    port: "JobStore",
    alter: inJobs((sound) => ({
      create: (draft, admit) =>
        sound.create(draft, (others) => admit({ ...others, active: () => others.active(1_000_000) })),
    })),
    breaks: "active jobs of any repository and type count, up to a limit, until they end",
  },
  {
    fault: "lets queued jobs run at once",
    port: "ChunkStore",
    alter: inJobs((sound) => ({
      create: ({ request: { onOverlap: _, ...request }, ...draft }, admit) =>
        sound.create({ ...draft, request }, admit),
    })),
    breaks: "of many jobs queued on one scope only the oldest is ever claimed, in whatever order the others end",
  },
  {
    fault: "frees one queued job at a time",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      claim: async (request) => {
        const claims = await sound.claim(request);
        const queued = claims.filter(({ job }) => job.request.onOverlap === "queue");
        await giveBack(sound, queued.slice(1));
        return claims.filter((claim) => !queued.includes(claim, 1));
      },
    })),
    breaks: "all that waited for one job can be claimed once it has ended, however many they are",
  },
  {
    fault: "notes what a new job waits for after looking, so that the end of that one may come between",
    port: "ChunkStore",
    alter: (sound) => ({
      jobs: instead(sound.jobs, {
        create: async (draft, admit) => {
          const { jobs: earlier } = await sound.jobs.list({
            limit: 1,
            statuses: ["WAITING", "PROCESSING", "CANCELLING"],
          });
          const job = await sound.jobs.create(draft, admit);
          if (draft.request.onOverlap === "queue" && earlier[0]) LEFT_WAITING.set(job.id, earlier[0].id);
          return job;
        },
      }),
      chunks: instead(sound.chunks, {
        release: async (leases) => {
          await sound.chunks.release(leases);
          for (const [id, by] of LEFT_WAITING) if (leases.some(({ jobId }) => jobId === by)) LEFT_WAITING.delete(id);
        },
        claim: async (request) => {
          const claims = await sound.chunks.claim(request);
          await giveBack(
            sound.chunks,
            claims.filter(({ job }) => LEFT_WAITING.has(job.id)),
          );
          return claims.filter(({ job }) => !LEFT_WAITING.has(job.id));
        },
      }),
    }),
    breaks: "a job that is queued while the one before it ends, on another node, is never left waiting",
  },
  {
    fault: "decides an update outside of the lock",
    port: "JobStore",
    alter: inJobs((sound) => ({
      update: async (id, decide) => {
        const job = await sound.get(id);
        if (!job) return sound.update(id, decide);
        const change = await decide({ job, facts: { leased: false, nowMs: Date.now() }, others: othersOf([]) });
        return sound.update(id, () => change);
      },
    })),
    breaks: "updates are applied one after the other: when many run at once, on two nodes, none is lost",
  },
  {
    fault: "fills its pages whatever the size of the jobs",
    port: "JobStore",
    alter: inJobs((sound) => ({
      list: async (query) => {
        let page = await sound.list(query);
        const jobs = [...page.jobs];
        while (page.more && jobs.length < query.limit) {
          const beforeSequence = jobs.at(-1)?.sequence ?? 0;
          page = await sound.list({ ...query, limit: query.limit - jobs.length, beforeSequence });
          jobs.push(...page.jobs);
        }
        return { jobs, more: page.more };
      },
    })),
    breaks: "a page of large jobs ends before it is too large, and the next one continues exactly there",
  },
  {
    fault: "takes a page that ends before its limit for the last one",
    port: "JobStore",
    alter: inJobs((sound) => ({
      list: async (query) => {
        const { jobs, more } = await sound.list(query);
        return { jobs, more: more && jobs.length === query.limit };
      },
    })),
    breaks: "a page of large jobs ends before it is too large, and the next one continues exactly there",
  },
  {
    fault: "shows long lists of paths whole",
    port: "JobStore",
    alter: inJobs((sound) => ({
      list: async (query) => {
        const { jobs, more } = await sound.list(query);
        const whole = jobs.map(async (job) => {
          const request = (await sound.get(job.id))?.request;
          return request ? { ...job, request: listedRequest(request, Number.POSITIVE_INFINITY) } : job;
        });
        return { jobs: await Promise.all(whole), more };
      },
    })),
    breaks: "a list shows the first 100 of a request's paths and their number, and all else as it is",
  },
  {
    fault: "takes jobs that pause for jobs that go on",
    port: "JobStore",
    alter: inJobs((sound) => ({
      stopping: async (ids) => {
        const { jobs } = await sound.list({ limit: 99, ids, statuses: ["CANCELLING"] });
        return jobs.map(({ id }) => id);
      },
    })),
    breaks: "exactly those jobs are stopping whose handlers are being told to stop",
  },
  {
    fault: "stores a creation before it is refused",
    port: "JobStore",
    alter: inJobs((sound) => ({
      create: async (draft, admit) => {
        const job = await sound.create(draft, async () => {});
        await admit(othersOf([]));
        return job;
      },
    })),
    breaks: "a creation that is refused stores nothing",
  },
  {
    fault: "shares keys among all principals",
    port: "JobStore",
    alter: inJobs((sound) => ({ byKey: (_principal, key) => sound.byKey("ann", key) })),
    breaks: "a key belongs to its principal and is exact to the character",
  },
  {
    fault: "forgets which request a key was used for",
    port: "JobStore",
    alter: inJobs((sound) => ({
      create: async (draft, admit) => {
        const { idempotency, createdBy } = draft;
        const known = idempotency && (await sound.byKey(createdBy, idempotency.key));
        if (!known) return sound.create(draft, admit);
        return sound.create({ ...draft, idempotency: { ...idempotency, fingerprint: known.fingerprint } }, admit);
      },
    })),
    breaks: "a key that was used for another request is an IDEMPOTENCY_CONFLICT that names its job; nothing is stored",
  },
  {
    fault: "repeats the job that a list is to continue before",
    port: "JobStore",
    alter: inJobs((sound) => ({
      list: ({ beforeSequence, ...query }) =>
        sound.list({ ...query, ...(beforeSequence === undefined ? {} : { beforeSequence: beforeSequence + 1 }) }),
    })),
    breaks: "a list is ordered newest first, cut at its limit, and continues before a job exactly where it was cut",
  },
  {
    fault: "forgets the warnings about a job's request",
    port: "JobStore",
    alter: inJobs((sound) => ({
      create: ({ warnings: _forgotten, ...draft }, admit) => sound.create(draft, admit),
    })),
    breaks: "the warnings about a created job's request are counted, and follow the first line of its log",
  },
  {
    fault: "takes a path for a root that ends at its first line break",
    port: "JobStore",
    alter: inJobs((sound) => ({
      list: ({ path, ...query }) =>
        sound.list({ ...query, ...(path === undefined ? {} : { path: path.split("\n", 1)[0] ?? path }) }),
    })),
    breaks: "a list by path tells a line break or a backslash in a name from the end of a path",
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
    fault: "writes results before it checks the epoch",
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
    fault: "counts the warnings of a repeated commit again",
    port: "ChunkStore",
    alter: inChunks((sound, { jobs }) => ({
      commit: async (parts, results) => {
        const before = new Map<string, number>();
        for (const { lease } of parts) before.set(lease.jobId, (await jobs.get(lease.jobId))?.warnings ?? 0);
        const answers = await sound.commit(parts, results);
        const counted = answers.map(async (answer, i) => {
          const { lease, warnings = 0 } = parts[i] ?? {};
          if (!lease || answer.end === "lost" || answer.job.warnings > (before.get(lease.jobId) ?? 0)) return answer;
          const change = (job: Job) => ({ job: { ...job, warnings: job.warnings + warnings }, lines: [] });
          return { ...answer, job: await jobs.update(lease.jobId, ({ job }) => change(job)) };
        });
        return Promise.all(counted);
      },
    })),
    breaks: "a job counts the warnings of outcomes that are stored: not twice when a commit repeats, not if it is lost",
  },
  {
    fault: "stores a repeated commit again",
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
    breaks: "a repeated commit is answered as committed and doubles nothing (open)",
  },
  {
    fault: "stores each part of a commit separately",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      commit: async (parts, results) => {
        const answers = [];
        for (const part of parts) answers.push(...(await sound.commit([part], results)));
        return answers;
      },
    })),
    breaks: "a commit for a job that does not exist fails with JOB_NOT_FOUND and stores nothing of the others",
  },
  {
    fault: "writes log lines even if the results could not be written",
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
    fault: "lets reap steal a live lease",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ reap: () => sound.reap(() => true) })),
    breaks: "the reaper leaves live owners in a job that is being cancelled alone; it ends once they are done",
  },
  {
    fault: "lets reap leave dead owners' leases",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ reap: () => sound.reap(() => false) })),
    breaks: "the reaper ends a job that was told to stop (cancel) and whose owner is dead; no zombie commits to it",
  },
  {
    fault: "claims live leases",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ claim: (request) => sound.claim({ ...request, isKnownDead: () => true }) })),
    breaks: "a takeover waits until the lease has expired",
  },
  {
    fault: "gives a worker what it still holds again",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ claim: (request) => sound.claim({ ...request, holding: [] }) })),
    breaks: "a takeover never affects what the claimer itself still holds, expired or not; others take it over",
  },
  {
    fault: "claims more than was requested",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      claim: (request) => sound.claim({ ...request, chunks: request.chunks > 0 ? request.chunks + 1 : 0 }),
    })),
    breaks: "a claim takes chunks in path order with their manifests, no more than requested, and counts them once",
  },
  {
    fault: "claims jobs whose handlers the node lacks",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ claim: (request) => sound.claim({ ...request, handlers: ["h", "exotic"] }) })),
    breaks: "a claim takes only jobs of its repository for which the node has every handler",
  },
  {
    fault: "hands out what it tried to store",
    port: "ChunkStore",
    alter: inChunks((sound) => {
      const tried = new Map<string, ManifestEntries>();
      return {
        addPage: (lease, page) => {
          for (const { number, entries } of page.chunks) tried.set(`${lease.jobId} ${number}`, entries);
          return sound.addPage(lease, page);
        },
        claim: async (request) =>
          (await sound.claim(request)).map((claim) => ({
            ...claim,
            chunks: claim.chunks.map((chunk) => {
              const entries = tried.get(`${claim.job.id} ${chunk.lease.chunk}`);
              return entries ? { ...chunk, entries } : chunk;
            }),
          })),
      };
    }),
    breaks: "a claim returns the manifest that was stored, also to a node that was too late to store another",
  },
  {
    fault: "hands out assets that already have an outcome",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      claim: async (request) =>
        (await sound.claim(request)).map((claim) => ({
          ...claim,
          chunks: claim.chunks.map((chunk) => ({ ...chunk, open: entriesIn(chunk.entries).map((_, i) => i) })),
        })),
    })),
    breaks: "a chunk is resumed at the indices that have no outcome, after several earlier parts and leases",
  },
  {
    fault: "renews lost leases",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      renew: async (leases, ttlMs) => {
        await sound.renew(leases, ttlMs);
        return [];
      },
    })),
    breaks: "a renewal reports the leases that were lost, taken over or done, and renews the others",
  },
  {
    fault: "renews nothing",
    port: "ChunkStore",
    alter: inChunks((sound) => ({ renew: async (leases) => sound.renew(leases, 0) })),
    breaks: "a renewal keeps leases that would have expired, and no others",
  },
  {
    fault: "releases the chunk whoever holds it",
    port: "ChunkStore",
    alter: inChunks((sound) => ({
      release: async (leases) => {
        const current = [];
        for (const lease of leases) current.push(await currentEpoch(sound, lease));
        await sound.release(current);
      },
    })),
    breaks: "a release of a lost lease, or of a chunk that is done, changes nothing",
  },
  {
    fault: "keeps released chunks until their lease expires",
    port: "ChunkStore",
    alter: inChunks(() => ({ release: async () => {} })),
    breaks: "a release makes the chunk available at once, and its outcomes stay",
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
    breaks: "a repeated page of discovery is answered as committed and doubles nothing",
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
    fault: "claims by creation alone",
    port: "ChunkStore",
    alter: inChunks((sound, { jobs }) => ({
      claim: async (request) => {
        if (request.jobId !== undefined) return sound.claim(request);
        const claims = [];
        for (const { id } of [...(await jobs.list({ limit: 99 })).jobs].reverse()) {
          claims.push(...(await sound.claim({ ...claimRequest(), ...request, jobId: id })));
        }
        return claims;
      },
    })),
    breaks: "jobs are claimed by priority, then by creation",
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
    breaks: "a line keeps its number and text for ever",
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
    breaks: "a page contains the lines from its offset on, no more than its limit, and says whether there are more",
  },
  {
    fault: "promises more if the page ends with the log",
    port: "JobLog",
    alter: inLog((sound) => ({
      read: async (jobId, offset, limit) => {
        const page = await sound.read(jobId, offset, limit);
        return { ...page, hasMore: page.lines.length === limit };
      },
    })),
    breaks: "a page contains the lines from its offset on, no more than its limit, and says whether there are more",
  },
  {
    fault: "loses the last of the lines written together",
    port: "JobLog",
    alter: inLog((sound) => ({
      append: (jobId, entries) => sound.append(jobId, entries.length > 100 ? entries.slice(0, -1) : entries),
    })),
    breaks: "a log's lines are numbered without gaps from 0, as many as the job says",
  },
  {
    fault: "appends line by line",
    port: "JobLog",
    alter: inLog((sound) => ({
      append: async (jobId, entries) => {
        for (const entry of entries) await sound.append(jobId, [entry]);
      },
    })),
    breaks: "a log that many write at once, on two nodes, has no gaps or repeats; lines written together stay together",
  },
  {
    fault: "returns a tail one line too short",
    port: "JobLog",
    alter: inLog((sound) => ({ tail: (jobId, count) => sound.tail(jobId, Math.max(0, count - 1)) })),
    breaks: "a tail contains the last lines, with the number of the first of them",
  },
  {
    fault: "repeats the outcome at its cursor",
    port: "JobReports",
    alter: inReports((sound) => ({
      outcomes: (jobId, { after, ...query }) =>
        sound.outcomes(jobId, { ...query, ...(after ? { after: { ...after, index: after.index - 1 } } : {}) }),
    })),
    breaks: "outcomes and assets after any cursor are exactly those behind it",
  },
  {
    fault: "fills its pages before it checks the kinds",
    port: "JobReports",
    alter: inReports((sound) => ({
      outcomes: async (jobId, { kinds, ...query }) => {
        const { outcomes, ...next } = await sound.outcomes(jobId, query);
        return { outcomes: outcomes.filter(({ outcome }) => kinds?.includes(outcome) ?? true), ...next };
      },
    })),
    breaks: "outcomes list every asset once, in path order, for any page size and any kinds",
  },
  {
    fault: "lists outcomes in order of arrival",
    port: "JobReports",
    alter: inReports((sound) => ({
      outcomes: async (jobId, query) => {
        const page = await sound.outcomes(jobId, query);
        const byTime = [...page.outcomes].sort((a, b) => a.attempts - b.attempts);
        return { ...page, outcomes: byTime };
      },
    })),
    breaks: "outcomes list every asset once, in path order, for any page size and any kinds",
  },
  {
    fault: "treats an asset without an outcome as unknown",
    port: "JobReports",
    alter: inReports((sound) => ({
      outcomesAt: async (jobId, paths) => (await sound.outcomesAt(jobId, paths)).map((found) => found ?? undefined),
    })),
    breaks: "a requested path returns its outcome, null if it has none yet, undefined if the job has not found it",
  },
  {
    fault: "looks paths up by their first 2,600 characters",
    port: "JobReports",
    alter: inReports((sound) => ({
      outcomesAt: async (jobId, paths) => {
        const { outcomes } = await sound.outcomes(jobId, { limit: 10_000 });
        const found = await sound.outcomesAt(jobId, paths);
        const short = (path: string): string => path.slice(0, 2_600);
        return paths.map((path, i) => found[i] ?? outcomes.find((one) => short(one.path) === short(path)));
      },
    })),
    breaks: "outcomes of assets with paths of 4,096 bytes and more are kept, listed in order, and found by path",
  },
  {
    fault: "dates outcomes when they are read",
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
