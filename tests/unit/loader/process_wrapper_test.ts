import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { KuiperError } from "../../../src/core/mod.ts";
import { type ProcessWrapper, wrapLaunch } from "../../../src/loader/process_wrapper.ts";
import type { Grant } from "../../../src/loader/permissions.ts";

const LAUNCH = { command: "/opt/kuiper", args: ["__isolate"], env: { PATH: "/nonexistent" } };

function wrap(wrapper: ProcessWrapper, grant: Grant = {}) {
  const find = (program: string) => `/bin/${program}`;
  return wrapLaunch(LAUNCH, { wrapper, grant, type: "mine", find });
}

Deno.test("wrapLaunch() puts the wrapper before the program and leaves its environment", () => {
  assertEquals(wrap(["box", "--bind", "${executable}", "a${executable}b$&"]), {
    command: "/bin/box",
    args: ["--bind", "/opt/kuiper", "a/opt/kuiperb$&", "/opt/kuiper", "__isolate"],
    env: { PATH: "/nonexistent" },
    wraps: "/opt/kuiper",
  });
});

Deno.test("wrapLaunch() gives the arguments of net once, and only where it is granted", () => {
  const wrapper: ProcessWrapper = ["box", { net: ["--net"] }];
  const args = (grant: Grant) => wrap(wrapper, grant).args.slice(0, -2);
  assertEquals(args({}), []);
  assertEquals(args({ net: [] }), []);
  assertEquals(args({ net: ["a:1", "b:2"] }), ["--net"]);
  assertEquals(args({ net: true }), ["--net"]);
});

Deno.test("wrapLaunch() gives the arguments of read and write for each path", () => {
  const wrapper: ProcessWrapper = ["box", { read: ["-r", "${path}"] }, {
    write: ["-w", "${path}"],
  }];
  const args = (grant: Grant) => wrap(wrapper, grant).args.slice(0, -2);
  assertEquals(args({ read: ["/a", "/$&"], write: ["/c"] }), ["-r", "/a", "-r", "/$&", "-w", "/c"]);
  assertEquals(args({ read: true }), ["-r", "/"]);
  assertEquals(args({ env: true }), []);
});

Deno.test("wrapLaunch() does not take a path for a placeholder", () => {
  assertEquals(
    wrap(["box", { read: ["${path}"] }], { read: ["/a/${path}"] }).args[0],
    "/a/${path}",
  );
});

function refusal(program: string): KuiperError {
  return assertThrows(
    () => wrapLaunch(LAUNCH, { wrapper: [program], grant: {}, type: "mine" }),
    KuiperError,
  );
}

Deno.test("wrapLaunch() finds a program along the PATH", () => {
  const { command } = wrapLaunch(LAUNCH, { wrapper: ["sh"], grant: {}, type: "mine" });
  assertMatch(command, /^\/.*\/sh$/);
});

Deno.test("wrapLaunch() says that there is no such program", () => {
  const named = refusal("no_such_box");
  assertEquals(named.code, "config");
  assertMatch(named.message, /starts "no_such_box", which is nowhere on the PATH; install it/);
  assertMatch(refusal("/no/such/box").message, /starts "\/no\/such\/box", which does not exist;/);
});

for (const permissions of [{ read: true, env: true }, { read: false, env: false }]) {
  Deno.test({
    name: `wrapLaunch() refuses what the program may not start, with read ${permissions.read}`,
    permissions,
    fn() {
      const error = refusal("/bin/sh");
      assertEquals(error.code, "denied");
      assertEquals(
        error.message,
        'Cannot run source "mine" in a process: plugins.processWrapper in etc/kuiper.yaml starts ' +
          '"/bin/sh", which this program may not start; build it with run permission for it ' +
          "(deno task compile --run=/bin/sh), or remove plugins.processWrapper",
      );
    },
  });
}
