import { storeConformance } from "../../src/testing/index.js";
import { openSqliteStores } from "../support/conformance-fixtures.js";

storeConformance("SQLite by sqlite3", openSqliteStores);
storeConformance("SQLite by better-sqlite3", () => openSqliteStores("better-sqlite3"));
