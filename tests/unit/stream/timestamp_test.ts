import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { KuiperError } from "../../../src/core/mod.ts";
import { compileTimestamp } from "../../../src/stream/timestamp.ts";

const time = (value: string | number | bigint | Date | boolean | null, format?: string) =>
  compileTimestamp("ts", format)({ ts: value });
const utc = (text: string) => Date.parse(text);

Deno.test("compileTimestamp() takes numbers, dates and digits as milliseconds", () => {
  assertEquals(time(1700000000000), 1700000000000);
  assertEquals(time(1.9), 1);
  assertEquals(time(-0.5), 0);
  assertEquals(time(5n), 5);
  assertEquals(time("1700000000000"), 1700000000000);
  assertEquals(time(new Date(7)), 7);
});

Deno.test("compileTimestamp() takes ISO 8601, local without a zone", () => {
  assertEquals(time("2020-02-29T10:11:12.1239Z"), utc("2020-02-29T10:11:12.123Z"));
  assertEquals(time("2020-02-29 10:11+0200"), utc("2020-02-29T08:11:00Z"));
  assertEquals(time("2020-02-29T10:11:12-05"), utc("2020-02-29T15:11:12Z"));
  assertEquals(time("2020-02-29T10:11:12"), new Date(2020, 1, 29, 10, 11, 12).getTime());
  assertEquals(time("2020-02-29"), new Date(2020, 1, 29).getTime());
});

Deno.test("compileTimestamp() finds no time where there is none", () => {
  for (
    const value of [
      "2019-02-29",
      "2020-13-01",
      "2020-01-00",
      "2020-01-01T24:00:00",
      "2020-01-01T10:60:00",
      "yesterday",
      "",
      NaN,
      Infinity,
      9e15,
      new Date(NaN),
      true,
      null,
    ]
  ) assertEquals(time(value), undefined, `${value}`);
  assertEquals(compileTimestamp("ts")({}), undefined);
  assertEquals(compileTimestamp("valueOf")({}), undefined);
});

Deno.test("compileTimestamp() reads what its format says", () => {
  const local = (...parts: [number, number, number, number, number, number, number]) =>
    new Date(...parts).getTime();
  for (
    const [format, text, expected] of [
      ["yyyy-MM-dd HH:mm:ss", "2020-02-29 10:11:12", local(2020, 1, 29, 10, 11, 12, 0)],
      ["YYYY-MM-dd HH:mm:ssSSS", "2020-02-29 10:11:12.345", local(2020, 1, 29, 10, 11, 12, 345)],
      ["yyyy-MM-dd HH:mm:ss,SSS", "2020-02-29 10:11:12,345", local(2020, 1, 29, 10, 11, 12, 345)],
      ["yyyyMMddHHmmssSSSSSS", "20200229101112345678", local(2020, 1, 29, 10, 11, 12, 345)],
      ["yyyy-MM-ddTHH:mm:ssXXX", "2020-02-29T10:11:12+01:00", utc("2020-02-29T09:11:12Z")],
      ["yyyy-MM-dd'T'HH:mm:ssX", "2020-02-29T10:11:12Z", utc("2020-02-29T10:11:12Z")],
      ["EEE MMM d HH:mm:ss z yyyy", "sat FEB 29 10:11:12 UTC 2020", utc("2020-02-29T10:11:12Z")],
      ["MMMM dd, yyyy h:mm a Z", "February 29, 2020 12:30 am -0100", utc("2020-02-29T01:30:00Z")],
      ["dd/MM/yy hh a z", "29/02/20 12 PM GMT", utc("2020-02-29T12:00:00Z")],
      ["dd.MM.yy z", "28.02.99 Z", utc("1999-02-28T00:00:00Z")],
      ["yyyy G z", "0001 BC UTC", utc("0000-01-01T00:00:00Z")],
      ["'it''s' yyyy\\y z", "it's 2020y Z", utc("2020-01-01T00:00:00Z")],
    ] as const
  ) assertEquals(time(text, format), expected, format);
  assertEquals(time("2020-02-29", "yyyyMMdd"), undefined);
  assertEquals(time("20200230", "yyyyMMdd"), undefined);
  assertEquals(time("13 pm 2020", "hh a yyyy"), undefined);
});

Deno.test("compileTimestamp() refuses a format that cannot be meant", () => {
  for (
    const [format, sentence] of [
      ["yyyy-MM-DD", '"DD", which means nothing: write dd for the day'],
      ["yyy", '"yyy", which means nothing: write yy or yyyy'],
      ["yyyy k", `"k", which means nothing: write 'k'`],
      ["HH:mm", "has no year"],
      ["yyyy-MM'", "a quote at position 7 with no partner"],
      ["yyyy\\", "ends with a backslash"],
      ["yyyy MM mm MM", '"MM" or its like twice'],
      [`yyyy${"S".repeat(10)}`, "means nothing"],
    ] as const
  ) {
    const error = assertThrows(() => compileTimestamp("ts", format), KuiperError);
    assertEquals(error.code, "config");
    assertStringIncludes(error.message, sentence);
    assertStringIncludes(error.message, `TIMESTAMP_FORMAT ${JSON.stringify(format)}`);
  }
});

Deno.test("compileTimestamp() reads back every date as its ISO text and by a pattern", () => {
  const read = compileTimestamp("ts", "yyyy/MM/dd HH-mm-ss.SSS XXX");
  const date = fc.date({
    noInvalidDate: true,
    min: new Date("0000-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59.999Z"),
  });
  fc.assert(fc.property(date, (value) => {
    const iso = value.toISOString();
    assertEquals(time(iso), value.getTime());
    const [year, month, day, hour, minute, second, ms] = iso.split(/[-T:.Z]/);
    const text = `${year}/${month}/${day} ${hour}-${minute}-${second}.${ms} +00:00`;
    assertEquals(read({ ts: text }), value.getTime());
  }));
});

Deno.test("compileTimestamp() gives whole milliseconds or nothing, whatever it gets", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.double(), fc.bigInt()), (value) => {
    const found = time(value);
    assert(found === undefined || !Number.isNaN(new Date(found).getTime()));
  }));
});
