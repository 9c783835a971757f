import type { Job } from "./job.js";
import type { JobRequest } from "./job-request.js";

/** Number of paths that a list of jobs shows of each list in a request. */
export const LISTED_PATHS = 100;

/** The beginning of a list, and the length of the whole. */
export interface CutList {
  readonly first: readonly string[];
  readonly count: number;
}

/**
 * A request as lists of jobs carry it: of up to 10,000 paths only the first. It cannot tell what is in the job's scope, and
 * so it is no JobRequest.
 */
export type ListedRequest = Omit<JobRequest, "paths" | "excludedPaths" | "listing"> & {
  readonly paths: CutList;
  readonly excludedPaths?: CutList;
  readonly listing?: true;
};

/** A job with its request as lists carry it. */
export type ListedJob = Omit<Job, "request"> & { readonly request: ListedRequest };

/** Returns the request with at most this many paths of each list. */
export function listedRequest(request: JobRequest, most: number = LISTED_PATHS): ListedRequest {
  const { paths, excludedPaths, listing, ...others } = request;
  return {
    ...others,
    paths: cut(paths, most),
    ...(excludedPaths ? { excludedPaths: cut(excludedPaths, most) } : {}),
    ...(listing ? { listing: true } : {}),
  };
}

export const listedJob = (job: Job): ListedJob => ({ ...job, request: listedRequest(job.request) });

/** Returns whether the listed request lacks paths of the whole one. */
export const isCut = ({ paths, excludedPaths }: ListedRequest): boolean =>
  [paths, excludedPaths].some((list) => list !== undefined && list.count > list.first.length);

const cut = (list: readonly string[], most: number): CutList => ({ first: list.slice(0, most), count: list.length });
