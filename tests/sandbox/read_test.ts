import {
  BOTH_LINKS,
  LEARNS,
  LEAVES,
  LINKS,
  MOVED_LINKS,
  READ_LINKS,
  READS,
  ROUNDABOUT,
  WRITES,
  WRITTEN_LINKS,
} from "./_file_roads.ts";
import { road } from "./_venue.ts";

road("A plugin reads no file by the runtime's own calls", READS);

road("A plugin reads no file in a roundabout way", ROUNDABOUT);

road("A plugin learns nothing of the file system", LEARNS);

road("A plugin learns nothing of the machine and the program", {
  attempts: {
    cwd: "Deno.cwd()",
    execPath: "Deno.execPath()",
    process: "process.execPath ?? process.mainModule",
    processCwd: "process.cwd()",
    mainModule: "Deno.mainModule",
    location: "globalThis.location",
    argv: "process.argv?.[0]",
    args: "Deno.args?.join()",
    memory: "Deno.memoryUsage().rss",
    memoryInfo: "Deno.systemMemoryInfo().total",
    hostname: "Deno.hostname()",
    uid: "Deno.uid()",
    interfaces: "Deno.networkInterfaces().length",
  },
  // Libraries ask where they are: they are told the root of nothing.
  harmless: (name, got) => name === "processCwd" && got === "/",
});

road("A plugin writes no file", WRITES);

road("A plugin leaves a folder that it was granted by no path and no link of its own", LEAVES);

road("A plugin leaves a folder that it may read by no link that was there before", LINKS);

road("A plugin is not run that may read a folder with a link that leads out of it", READ_LINKS);

road("A plugin is not run that may write a folder with a link that leads out of it", WRITTEN_LINKS);

road("A plugin is not run that may read and write a folder with a link that leads out", BOTH_LINKS);

road(
  "A plugin is not run that may read and write a folder with a link that leads out when moved",
  MOVED_LINKS,
);
