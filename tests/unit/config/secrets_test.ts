import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { isSecretKey, Secrets } from "../../../src/config/mod.ts";

Deno.test("Secrets.mask() does hide a value also in a URL and in JSON", () => {
  const secrets = new Secrets();
  secrets.add('p"ss/word');
  assertEquals(secrets.mask('a p"ss/word b'), "a *** b");
  assertEquals(secrets.mask(JSON.stringify({ a: 'p"ss/word' })), '{"a":"***"}');
  assertEquals(secrets.mask("?q=p%22ss%2Fword"), "?q=***");
});

Deno.test("Secrets.mask() does hide the longer of two secrets whole", () => {
  const secrets = new Secrets();
  secrets.add("abc");
  secrets.add("abcdef");
  assertEquals(secrets.mask("abcdef abc"), "*** ***");
});

Deno.test("Secrets.mask() does hide what stands behind the scheme of a header alone", () => {
  const secrets = new Secrets();
  secrets.addKeysOf({ headers: { authorization: "Bearer abc.def" } });
  assertEquals(secrets.mask("wrong: abc.def, Bearer abc.def"), "wrong: ***, ***");
});

Deno.test("Secrets.mask() does leave values of one or two characters", () => {
  const secrets = new Secrets();
  secrets.add("a1");
  secrets.add("");
  assertEquals(secrets.mask("a1 b"), "a1 b");
});

Deno.test("Secrets.mask() does hide user and password in a URL", () => {
  const secrets = new Secrets();
  assertEquals(
    secrets.mask("at tcp://me:pw@host:1883/x?mail=a@b and http://h"),
    "at tcp://***@host:1883/x?mail=a@b and http://h",
  );
});

Deno.test("Secrets.mask() does not let any secret through", () => {
  fc.assert(fc.property(
    fc.array(fc.string({ minLength: 3 }).filter((text) => !"***".includes(text)), { minLength: 1 }),
    fc.string(),
    (values, around) => {
      const secrets = new Secrets();
      values.forEach((value) => secrets.add(value));
      const masked = secrets.mask(values.join(around) + around);
      // Two masks and what stands between them may spell a secret that begins or ends with a star.
      return values.filter((value) => !value.includes("*")).every((value) =>
        !masked.includes(value)
      );
    },
  ));
});

Deno.test("Secrets.maskProps() does hide by the name of the key at any depth and copies the rest", () => {
  const secrets = new Secrets();
  secrets.add("hidden");
  const bytes = new Uint8Array([1]);
  const props = {
    password: "x",
    passwordFile: "secrets/x",
    empty: { token: "", apiKey: null },
    list: [{ privateKeyRaw: "y", text: "so hidden" }],
    client_secret: { a: 1 },
    bytes,
    qos: 1,
  };
  assertEquals(secrets.maskProps(props) as unknown, {
    password: "***",
    passwordFile: "secrets/x",
    empty: { token: "", apiKey: null },
    list: [{ privateKeyRaw: "***", text: "so ***" }],
    client_secret: "***",
    bytes,
    qos: 1,
  });
  assertEquals(props.password, "x");
});

Deno.test("Secrets.mask() does look at a long word once, and hide what follows one", () => {
  const secrets = new Secrets();
  // To look from each letter to the end would take an hour.
  const word = "a".repeat(4_000_000);
  assertEquals(secrets.mask(`${word} x://y ${word}`), `${word} x://y ${word}`);
  const scheme = "a".repeat(100);
  assertEquals(secrets.mask(`${scheme}://u:p@host`), `${scheme}://***@host`);
});

Deno.test("Secrets.addKeysOf() does register the texts under secret keys", () => {
  const secrets = new Secrets();
  secrets.addKeysOf({ username: "kuiper", deep: [{ password: "geheim" }], tokens: "plain" });
  assertEquals(secrets.mask("kuiper geheim plain"), "kuiper *** plain");
});

Deno.test("isSecretKey() does know the names of headers", () => {
  for (
    const name of [
      "X-API-Key",
      "X-Auth-Key",
      "Ocp-Apim-Subscription-Key",
      "X-Functions-Key",
      "private-key",
      "pwd",
      "X-Signature",
    ]
  ) assertEquals(isSecretKey(name), true, name);
  for (const name of ["key", "monkey", "X-Request-Id", "keyboard"]) {
    assertEquals(isSecretKey(name), false, name);
  }
});

Deno.test("isSecretKey() does know the usual names", () => {
  const secret = ["password", "Password", "db_passwd", "accessToken", "api_key", "privateKeyRaw"];
  const open = ["passwordFile", "privateKeyPath", "key", "tokens", "username"];
  assertEquals(secret.filter((name) => !isSecretKey(name)), []);
  assertEquals(open.filter(isSecretKey), []);
});

Deno.test("Secrets.mask() does hide what is left of a secret where a text was cut", () => {
  const secrets = new Secrets();
  secrets.add("s3cr3tTOKENvalue");
  for (const end of ["", "…", '…"', '"', "… (cut)"]) {
    assertEquals(secrets.mask(`said s3cr3tTOKENvalu${end}`), `said ***${end}`);
    assertEquals(secrets.mask(`said s3cr3tTO${end}`), `said ***${end}`);
    // Less than half of it.
    assertEquals(secrets.mask(`said s3cr3tT${end}`), `said s3cr3tT${end}`);
  }
  assertEquals(secrets.mask("s3cr3tTOKEN and more"), "s3cr3tTOKEN and more");
  secrets.add("mqttpass");
  assertEquals(secrets.mask("lost mqtt"), "lost mqtt");
  assertEquals(secrets.mask("lost mqttpa"), "lost ***");
});

Deno.test("Secrets.mask() does hide a value in whatever form of JSON and of a URL", () => {
  const secrets = new Secrets();
  secrets.add("s3/cr t\u00e4/");
  for (
    const form of [
      "s3\\/cr t\u00e4\\/",
      "s3/cr t\\u00e4/",
      "s3\\/cr t\\u00e4\\/",
      "s3%2fcr%20t%c3%a4%2f",
      "s3%2Fcr+t%C3%A4%2F",
    ]
  ) assertEquals(secrets.mask(`<${form}>`), "<***>");
});
