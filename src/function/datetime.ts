import { parseDuration } from "../core/mod.ts";
import { alias, arg, type Definition, inGroup, NUMBER, optional, TIME } from "./define.ts";
import { compileTimeFormat, dayName, monthName } from "./format_time.ts";
import { dateOf, floatOf, integerOf, noResult, textOf } from "./read_arg.ts";

/** A number or a name that is part of a time. */
function part(
  name: string,
  doc: string,
  read: (date: Date) => number | string,
): Definition {
  const isNumber = typeof read(new Date(0)) === "number";
  return {
    name,
    doc: `${doc}, in local time`,
    args: [arg("time", TIME)],
    returns: isNumber ? "bigint" : "string",
    call: ([time]) => read(dateOf(time!, name)),
  };
}

/** The clock as a text. */
function clock(name: string, doc: string, pattern: string): Definition {
  return {
    name,
    doc: `${doc}, in local time; with digits of a second when their number is given, 0 to 6`,
    args: [optional("digits", ["bigint"])],
    returns: "string",
    deterministic: false,
    call([digits], context) {
      const count = digits === undefined ? 0 : integerOf(digits, name);
      if (count < 0 || count > 6) throw noResult(name, `${count} digits are not 0 to 6`);
      const whole = count === 0 ? pattern : `${pattern}.${"S".repeat(count)}`;
      return compileTimeFormat(whole)(new Date(context.now()));
    },
  };
}

const now = clock("now", "The date and the time of the clock", "yyyy-MM-dd HH:mm:ss");
const currentDate: Definition = {
  name: "current_date",
  doc: "The date of the clock, in local time",
  args: [],
  returns: "string",
  deterministic: false,
  call: (_, context) => compileTimeFormat("yyyy-MM-dd")(new Date(context.now())),
};
const currentTime = clock("current_time", "The time of the clock", "HH:mm:ss");
const day = part("day_of_month", "The day of the month", (date) => date.getDate());

/** `datetime`: times. A number is milliseconds since 1970, a text a time of ISO 8601. */
export const DATETIME = inGroup("datetime", [
  alias("cur_date", currentDate),
  alias("cur_time", currentTime),
  currentDate,
  currentTime,
  alias("current_timestamp", now),
  {
    name: "date_calc",
    doc:
      'A time that is later by a duration such as "10s" or "1h30m", or earlier by one with a minus sign',
    args: [arg("time", TIME), arg("duration", ["string"])],
    returns: "datetime",
    call([time, duration]) {
      const text = textOf(duration!, "date_calc").trim();
      const ms = parseDuration(text.replace(/^[+-]/, ""), "The duration of date_calc");
      const moved = dateOf(time!, "date_calc").getTime() + (text.startsWith("-") ? -ms : ms);
      return dateOf(moved, "date_calc");
    },
  },
  alias("day", day),
  part("day_name", "The English name of the day of the week", dayName),
  day,
  part("day_of_week", "The day of the week from 1, Sunday, to 7", (date) => date.getDay() + 1),
  part("day_of_year", "The day of the year, from 1", dayOfYear),
  {
    name: "format_time",
    doc: 'The time as a text by a pattern such as "yyyy-MM-dd HH:mm:ss", in local time',
    args: [arg("time", TIME), arg("pattern", ["string"])],
    returns: "string",
    call([time, pattern]) {
      return compileTimeFormat(textOf(pattern!, "format_time"))(dateOf(time!, "format_time"));
    },
  },
  {
    name: "from_unix_time",
    doc: "The time that is so many seconds after the beginning of 1970",
    args: [arg("seconds", NUMBER)],
    returns: "datetime",
    call: ([seconds]) => dateOf(floatOf(seconds!, "from_unix_time") * 1000, "from_unix_time"),
  },
  part("hour", "The hour, 0 to 23", (date) => date.getHours()),
  alias("local_time", now),
  alias("local_timestamp", now),
  part("minute", "The minute, 0 to 59", (date) => date.getMinutes()),
  part("month", "The month, 1 to 12", (date) => date.getMonth() + 1),
  part("month_name", "The English name of the month", monthName),
  now,
  part("second", "The second, 0 to 59", (date) => date.getSeconds()),
]);

function dayOfYear(date: Date): number {
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  // By dates of UTC, where every day has 24 hours.
  const first = new Date(0).setUTCFullYear(year, 0, 1);
  return Math.round((new Date(0).setUTCFullYear(year, month, day) - first) / 86_400_000) + 1;
}
