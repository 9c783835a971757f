import { storeConformance } from "../../src/testing/index.js";
import { openPostgresStores } from "../support/conformance-fixtures.js";

storeConformance("PostgreSQL", openPostgresStores);
