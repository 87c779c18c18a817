import type { App } from "../app.ts";
import type { RuleDoor } from "./rule_door.ts";

/** What the server needs of the application; tests put a fake in its place. */
export interface RestApp extends
  Pick<
    App,
    | "streamNames"
    | "stream"
    | "createStream"
    | "replaceStream"
    | "dropStream"
    | "listPlugins"
    | "describePlugin"
    | "installPlugin"
    | "removePlugin"
    | "mask"
  > {
  readonly rules: Promise<RuleDoor>;
}
