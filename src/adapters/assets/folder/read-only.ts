import { constants } from "node:fs";

/**
 * Flags to open a file for reading. `FolderTree` has made sure that no link leads out of the tree; O_NOFOLLOW covers a
 * file that is swapped for a link meanwhile. (Node accepts numeric flags everywhere; some typings only know text.)
 */
export const READ_ONLY = (constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)) as unknown as string;
