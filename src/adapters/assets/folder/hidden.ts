/**
 * Returns whether a file or folder of this name is hidden: dot files (`.git`, `.DS_Store`, `._NAME`), the lock files of
 * office programs (`~$NAME`), and what Windows and macOS leave behind (`Thumbs.db`, `__MACOSX`).
 */
export const isHiddenName = (name: string): boolean =>
  name.startsWith(".") || name.startsWith("~$") || name === "__MACOSX" || name.toLowerCase() === "thumbs.db";
