import { assert, assertEquals, assertThrows } from "@std/assert";
import { askRuntime } from "./_ask_runtime.ts";
import { type HostGuard, hostGuard } from "../../../src/loader/granted_hosts.ts";
import { hostnameOfUrl, portOfUrl } from "../../../src/loader/path_text.ts";
import type { Realm } from "../../../src/loader/realm.ts";
import type { Granted } from "../../../src/loader/realm_name.ts";

/** A guard in this realm, which may do everything: what is refused it alone refuses. */
const guardOf = (granted: Granted): HostGuard => hostGuard(Deno as unknown as Realm, granted);

const isRefused = (guard: HostGuard, hostname: string, port: number) => {
  try {
    guard.check(hostname, port);
    return false;
  } catch (error) {
    assert(error instanceof Deno.errors.NotCapable, String(error));
    return true;
  }
};

const GRANTED = [
  "example.org",
  "UP.Example:443",
  "dot.example.:80",
  "*.wild.example",
  "*.port.example:8080",
  "xn--bcher-kva.example",
  "under_score.example",
  "127.0.0.1",
  "10.0.0.1:443",
  "127.1:81",
  "0177.0.0.1",
  "[::1]:443",
  "[2001:DB8:0:0::1]",
  "[::ffff:192.168.0.1]:80",
  "[fe80::1]",
  "localhost:00080",
];

const NAMES = [
  "example.org",
  "EXAMPLE.ORG",
  "example.org.",
  "example.org..",
  "an.example.org",
  "xample.org",
  "up.example",
  "Up.exAmple.",
  "dot.example",
  "wild.example",
  "a.wild.example",
  "B.a.WILD.example.",
  "awild.example",
  ".wild.example",
  "a.port.example",
  "port.example",
  "*.wild.example",
  "xn--bcher-kva.example",
  "b\u00fccher.example",
  "e\u212Aample.org",
  "\u017Fxample.org",
  "under_score.example",
  "-a.wild.example",
  "a b.wild.example",
  "a%2e.wild.example",
  "localhost",
  "LOCALHOST.",
  "",
  ".",
];

const ADDRESSES = [
  "127.0.0.1",
  "127.0.0.1.",
  "127.0.0.01",
  "127.1",
  "127.1.",
  "0177.0.0.1",
  "0x7f.0.0.1",
  "2130706433",
  "127.0.0.256",
  "127.0.0.1.1",
  "10.0.0.1",
  "192.168.0.1",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::0001]",
  "[::1",
  "[2001:db8::1]",
  "[2001:0DB8:0000::0001]",
  "[2001:db8::2]",
  "[::ffff:127.0.0.1]",
  "[::FFFF:7f00:1]",
  "[::ffff:0:127.0.0.1]",
  "[::ffff:0:7f00:1]",
  "[::127.0.0.1]",
  "[64:ff9b::127.0.0.1]",
  "[::ffff:192.168.0.1]",
  "[::ffff:c0a8:1]",
  "[::ffff:127.1]",
  "[fe80::1]",
  "[fe80::1%eth0]",
  "[fe80::1%25eth0]",
  "[::1]:80/[",
  "[127.0.0.1]",
];

Deno.test("HostGuard.check() agrees with the runtime about 10,000 spellings of hosts", async () => {
  let seed = 11;
  const pick = <T>(list: readonly T[]): T =>
    list[(seed = (seed * 48271) % 2147483647) % list.length]!;
  const characters = [..."aA1.:-_*%x[]"];
  /** A spelling that differs in one character. */
  const changed = (text: string) => {
    const at = seed % (text.length + 1);
    const put = pick(["", ...characters]);
    return text.slice(0, at) + put + text.slice(at + (pick([true, false]) ? 1 : 0));
  };
  const ports = [80, 81, 443, 8080, 65535, 0];
  const asked = Array.from({ length: 10_000 }, () => {
    const host = pick([NAMES, ADDRESSES]);
    const plain = pick(host);
    // A colon in a name would begin a port.
    const hostname = pick([true, false])
      ? plain
      : changed(plain).replaceAll(":", () => plain.startsWith("[") ? ":" : "");
    return { hostname, port: pick(ports) };
  });
  // What is no host at all the runtime does not answer for. It cuts a zone off an IPv4 address, and then it is a name.
  const isZoned = ({ hostname }: { hostname: string }) => /^[^[].*%/.test(hostname);
  const text = asked.map(({ hostname, port }) => `${hostname}:${port}`);
  const runtime = await askRuntime({ net: GRANTED }, text.map((host) => ({ name: "net", host })));
  const guard = guardOf(GRANTED);
  const ours = asked.map(({ hostname, port }) => !isRefused(guard, hostname, port));
  const expected = runtime.map((answer, i) => answer && !isZoned(asked[i]!));
  assertEquals(text.filter((_, i) => ours[i] !== expected[i]), []);
  const granted = runtime.filter((answer) => answer).length;
  assert(granted > 1000 && granted < 9000, String(granted));
});

Deno.test("HostGuard.check() takes the host of a URL as fetch does, in 3,000 spellings", async () => {
  let seed = 5;
  const pick = <T>(list: readonly T[]): T =>
    list[(seed = (seed * 48271) % 2147483647) % list.length]!;
  const hosts = [...NAMES, ...ADDRESSES, "0x7f.1", "127.0.0.1%00", "ex%61mple.org", "example。org"];
  const urls = Array.from({ length: 3000 }, () => {
    const user = pick(["", "", "example.org@", "127.0.0.1:80@", "a:b@"]);
    const port = pick(["", "", ":", ":80", ":443", ":0443", ":8080", ":81"]);
    return pick(["http", "https", "HTTP", "https"]) + pick(["://", ":/\\", ":"]) +
      user + pick(hosts) + port + pick(["", "/", "?@example.org", "#/", "\\@example.org"]);
  }).filter((text) => URL.canParse(text));
  const asked = urls.map((text) => {
    const { protocol, hostname, port } = new URL(text);
    const usual = protocol === "https:" ? 443 : 80;
    return { name: "net", host: `${hostname}:${port === "" ? usual : port}` } as const;
  });
  const runtime = await askRuntime({ net: GRANTED }, asked);
  const guard = guardOf(GRANTED);
  const ours = urls.map((text) => {
    const url = new URL(text);
    return !isRefused(guard, hostnameOfUrl(url), portOfUrl(url));
  });
  assertEquals(urls.filter((_, i) => ours[i] !== runtime[i]), []);
  const granted = runtime.filter((answer) => answer).length;
  assert(granted > 300 && granted < urls.length - 300, `${granted} of ${urls.length}`);
});

Deno.test("HostGuard.check() takes an IPv6 address as connect does, without brackets", () => {
  const guard = guardOf(["[::1]:443", "10.0.0.1"]);
  const verdicts = (hostnames: readonly string[]) =>
    hostnames.map((hostname) => isRefused(guard, hostname, 443));
  assertEquals(verdicts(["::1", "0::1", "::ffff:10.0.0.1", "::1%lo"]), [
    false,
    false,
    false,
    false,
  ]);
  assertEquals(verdicts(["::2", "::10.0.0.1", "1", ":", "::1]:80/["]), [
    true,
    true,
    true,
    true,
    true,
  ]);
});

Deno.test("HostGuard.check() takes an IPv4 address with a zone for no host: the machine would look it up as a name", () => {
  const guard = guardOf(["127.0.0.1", "a.example"]);
  for (const hostname of ["127.0.0.1%a.example", "127.0.0.1%", "127.0.0.1%25lo", "a.example%lo"]) {
    assertEquals(isRefused(guard, hostname, 443), true, hostname);
  }
});

Deno.test("HostGuard.check() says what was asked for, as it would be granted", () => {
  const message = (granted: Granted, hostname: string, port: number) =>
    assertThrows(() => guardOf(granted).check(hostname, port), Deno.errors.NotCapable).message;
  const some = "it lies outside of what was granted";
  assertEquals(
    message(["a.example"], "B.Example.", 443),
    `Requires net access to "b.example:443", ${some}`,
  );
  assertEquals(message(["a.example"], "0::1", 80), `Requires net access to "[::1]:80", ${some}`);
  assertEquals(
    message(["[::1]"], "::ffff:127.0.0.1", 80),
    `Requires net access to "127.0.0.1:80", ${some}`,
  );
  assertEquals(
    message([], "a.example", NaN),
    'Requires net access to "a.example", none of it was granted',
  );
  assertThrows(
    () => guardOf([]).refuse(),
    Deno.errors.NotCapable,
    "Requires net access, none of it was granted",
  );
});

Deno.test("HostGuard.check() lets everything be where everything is granted, and nothing without a port where one is", () => {
  assertEquals(isRefused(guardOf(true), "anywhere.example", 1), false);
  assertEquals(isRefused(guardOf(["a.example:80"]), "a.example", NaN), true);
  assertEquals(isRefused(guardOf(["a.example"]), "a.example", NaN), false);
});
