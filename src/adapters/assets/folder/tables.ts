/** Results about assets in folders, kept in the store's database. */
export const REPOSITORY = "assetmill_repository";
export const FOLDER_RESULT = "assetmill_folder_result";
