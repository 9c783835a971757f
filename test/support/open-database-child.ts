import { openDatabase } from "./sqlite-store.js";

/** Opens the database that it is told, as a process of its own, and says so. */
const file = process.argv[2];
if (file === undefined) throw new Error("which file?");
const database = await openDatabase(file);
await database.close();
process.stdout.write("opened\n");
