import { assetRepositoryConformance } from "../../src/testing/index.js";
import { FOLDER_ASSETS, openFolderAssets } from "../support/conformance-fixtures.js";

assetRepositoryConformance("folder", openFolderAssets, FOLDER_ASSETS);
