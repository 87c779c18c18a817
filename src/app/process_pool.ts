/** What runs plugins in processes of their own; imported when the first one does. */
export { ProcessPool } from "../loader/mod.ts";
