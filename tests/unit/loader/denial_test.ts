import { assertEquals } from "@std/assert";
import { denialSentence, findDenial } from "../../../src/loader/denial.ts";

Deno.test("findDenial() reads what the runtime says", () => {
  const run = (what: string) => `Requires ${what}, run again with the --allow-x flag`;
  const compiled = (what: string) =>
    `Requires ${what}, specify the required permissions during compilation using \`deno compile\``;
  for (const say of [run, compiled]) {
    const cases = [
      [`net access to "a.b:443"`, { kind: "net", target: "a.b:443" }],
      [`net access to "[::1]:80"`, { kind: "net", target: "[::1]:80" }],
      [`read access to "/a b/c"`, { kind: "read", target: "/a b/c" }],
      [`read access to <CWD>`, { kind: "read" }],
      [`write access to "/x"`, { kind: "write", target: "/x" }],
      [`env access to "TOKEN"`, { kind: "env", target: "TOKEN" }],
      [`env access`, { kind: "env" }],
      [`sys access to "hostname"`, { kind: "sys", target: "hostname" }],
      [`run access to "sh"`, { kind: "run", target: "sh" }],
      [`ffi access`, { kind: "ffi" }],
      [`all access to "/proc/self/environ"`, { kind: "all", target: "/proc/self/environ" }],
    ] as const;
    for (const [what, denial] of cases) {
      assertEquals(findDenial(say(what)), denial);
      assertEquals(findDenial(`no host: ${say(what)}`), denial);
    }
  }
});

Deno.test("findDenial() takes what is left of a long target", () => {
  const long = "/" + "./".repeat(20) + '\\"' + "etc/passwd";
  const message = `Requires read access to "${long}", run again with the --allow-read flag`;
  for (let length = message.indexOf(long) + 1; length < message.length; length++) {
    const denial = findDenial(message.slice(0, length));
    assertEquals(
      [denial?.kind, long.startsWith(denial?.target ?? "none")],
      ["read", true],
      message,
    );
  }
});

Deno.test("findDenial() leaves other errors alone", () => {
  for (const text of ["", "Requires net", "Requires attention, please", "connection refused"]) {
    assertEquals(findDenial(text), undefined);
  }
});

Deno.test("denialSentence() gives the lines that would grant it", () => {
  assertEquals(
    denialSentence({ kind: "net", target: "api.weather.gov:443" }, "weather"),
    `source "weather" was denied net access to "api.weather.gov:443"; ` +
      `to grant it, add to etc/plugins.yaml:\n` +
      `plugins:\n  weather:\n    permissions:\n      net: ["api.weather.gov:443"]`,
  );
  assertEquals(
    denialSentence({ kind: "env" }, "on").split("\n").slice(1),
    ["plugins:", `  "on":`, "    permissions:", "      env: true"],
  );
});

Deno.test("denialSentence() offers no grant of run and ffi", () => {
  assertEquals(
    denialSentence({ kind: "run", target: "sh" }, "mine"),
    `source "mine" was denied run access to "sh", which opens the sandbox: ` +
      `only plugins.allowUnsafe in etc/kuiper.yaml lets etc/plugins.yaml grant it`,
  );
});

Deno.test("denialSentence() offers no grant of what the runtime gives to no sandbox", () => {
  assertEquals(
    denialSentence({ kind: "all", target: "/proc/self/environ" }, "mine"),
    `source "mine" was denied all access to "/proc/self/environ", which no plugin is given: ` +
      "the file tells of the whole program or system",
  );
});

Deno.test("denialSentence() keeps what a plugin made up on its line", () => {
  const denial = findDenial(`Requires net access to "a\\"]\\n  evil:", run again`)!;
  const lines = denialSentence(denial, "mine").split("\n");
  assertEquals(lines.length, 5);
  assertEquals(JSON.parse(lines[4]!.replace(/^ *net: /, "")), [denial.target]);
});
