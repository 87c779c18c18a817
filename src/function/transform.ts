import { isBigint, messageOf, narrow, parseJson, showValue, toJson } from "../core/mod.ts";
import { ANY, arg, inGroup, NUMBER, TEXT } from "./define.ts";
import { bytesOf, integerOf, noResult, textOf } from "./read_arg.ts";

/** `transform`: values as other values. */
export const TRANSFORM = inGroup("transform", [
  {
    name: "chr",
    doc: "The character of a number in Unicode",
    args: [arg("code", ["bigint"])],
    returns: "string",
    call([code]) {
      const point = integerOf(code!, "chr");
      if (point >= 0 && point <= 0x10FFFF) return String.fromCodePoint(point);
      throw noResult("chr", `there is no character ${point}`);
    },
  },
  {
    name: "dec2hex",
    doc: "A whole number in base 16, with 0x before it",
    args: [arg("n", ["bigint"])],
    returns: "string",
    call([n]) {
      const value = typeof n === "bigint" ? n : integerOf(n!, "dec2hex");
      return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
    },
  },
  {
    name: "decode",
    doc: 'The bytes that a text stands for in "base64" or "hex"',
    args: [arg("text", ["string"]), arg("method", ["string"])],
    returns: "bytea",
    call([value, method]) {
      const text = textOf(value!, "decode");
      const way = methodOf(method!, "decode");
      try {
        return way === "base64" ? Uint8Array.fromBase64(text) : Uint8Array.fromHex(text);
      } catch {
        throw noResult("decode", `${showValue(text)} is no ${way}`);
      }
    },
  },
  {
    name: "encode",
    doc: 'Bytes, or those of a text in UTF-8, as "base64" or "hex"',
    args: [arg("value", [...TEXT, "bytea"]), arg("method", ["string"])],
    returns: "string",
    call([value, method]) {
      const bytes = bytesOf(value!, "encode");
      return methodOf(method!, "encode") === "base64" ? bytes.toBase64() : bytes.toHex();
    },
  },
  {
    name: "hex2dec",
    doc: "The number that a text in base 16 stands for, with 0x before it or not",
    args: [arg("text", ["string"])],
    returns: "bigint",
    call([value]) {
      const text = textOf(value!, "hex2dec");
      const [, digits] = /^(?:0x)?([0-9a-f]{1,16})$/i.exec(text) ?? [];
      if (digits === undefined) throw noResult("hex2dec", `${showValue(text)} is no hex`);
      const number = BigInt(`0x${digits}`);
      if (isBigint(number)) return narrow(number);
      throw noResult("hex2dec", `${showValue(text)} is larger than a BIGINT can be`);
    },
  },
  {
    name: "parse_json",
    doc: "The value that a text says as JSON; every digit of an integer is kept",
    args: [arg("text", ["string"])],
    returns: "any",
    call([value]) {
      const text = textOf(value!, "parse_json");
      try {
        return parseJson(text);
      } catch (error) {
        throw noResult("parse_json", `${showValue(text)} is no JSON: ${messageOf(error)}`);
      }
    },
  },
  {
    name: "to_json",
    doc: "The value as a text of JSON",
    args: [arg("value", ANY)],
    returns: "string",
    nulls: "pass",
    call: ([value]) => toJson(value),
  },
  {
    name: "to_seconds",
    doc: "A time in milliseconds since 1970 as whole seconds",
    args: [arg("ms", NUMBER)],
    returns: "bigint",
    call([ms]) {
      return Math.trunc(Number(ms) / 1000) + 0;
    },
  },
]);

function methodOf(value: Parameters<typeof textOf>[0], name: string): "base64" | "hex" {
  const method = textOf(value, name);
  if (method === "base64" || method === "hex") return method;
  throw noResult(name, `${showValue(method)} is no method, expected "base64" or "hex"`);
}
