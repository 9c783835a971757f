import { lstatSync } from "node:fs";

/**
 * Throws unless this user may enter a folder, which its own stats do not say. A folder whose path is as long as this system
 * allows cannot be asked that way, and has been found already: whatever is in it says for itself what is wrong.
 */
export function enter(folder: string): void {
  try {
    lstatSync(`${folder}/.`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENAMETOOLONG") throw error;
  }
}
