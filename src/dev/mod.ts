/**
 * What developers run: the compiler of the binary and the lint of the layout. No other folder imports it and the binary
 * has none of it. It may import `core` and `cli`.
 *
 * ```sh
 * deno task compile --out=dist/kuiper
 * deno task layers
 * ```
 *
 * @module
 */
export type { Finding } from "./check_tree.ts";
export { checkTree } from "./check_tree.ts";
export type { Layer } from "./layers.ts";
export { LAYERS, layerTable, PACKAGES } from "./layers.ts";
export type { PermissionName, Permissions } from "./permissions.ts";
export { DEFAULT_PERMISSIONS, ownPaths, PERMISSION_NAMES, permissionFlags } from "./permissions.ts";
