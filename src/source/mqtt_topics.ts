/** Longest topic filter of the protocol. */
const MAX_FILTER_BYTES = 65_535;

/**
 * The topic filters of a DATASOURCE: separated by commas, with the wildcards `+` and `#`, and `$share/group/filter`.
 *
 * @param group adds `$share/<group>/` to each filter that has none.
 * @throws TypeError that names the filter that is wrong.
 */
export function parseTopics(datasource: string, group?: string): string[] {
  const filters = datasource.split(",").map((filter) => filter.trim());
  if (filters.length === 1 && filters[0] === "") {
    throw new TypeError(
      `an mqtt stream needs topics: write DATASOURCE="topic", several separated by commas`,
    );
  }
  const parsed = filters.map((filter) => {
    check(filter, datasource);
    return group === undefined || isShared(filter) ? filter : `$share/${group}/${filter}`;
  });
  return [...new Set(parsed)];
}

/** Whether the clients that subscribe to `filter` share its messages. */
export function isShared(filter: string): boolean {
  return filter.startsWith("$share/");
}

/**
 * Whether the topic of each message is one of `filter`. It is not where a prefix asks the broker for something else,
 * such as `$share/group/topic`, or `$exclusive/topic` of EMQX.
 */
export function namesTopics(filter: string): boolean {
  return !filter.startsWith("$") || filter.startsWith("$SYS/");
}

function check(filter: string, datasource: string): void {
  if (filter === "") {
    throw new TypeError(`the DATASOURCE "${datasource}" has an empty topic: remove the comma`);
  }
  const wrong = (why: string) => new TypeError(`the topic "${filter}" is not valid: ${why}`);
  if (new TextEncoder().encode(filter).length > MAX_FILTER_BYTES) {
    throw new TypeError(`a topic of the DATASOURCE is longer than ${MAX_FILTER_BYTES} bytes`);
  }
  if (filter.includes("\0")) throw wrong("it has a null character");
  let levels = filter.split("/");
  if (isShared(filter)) {
    const [, group, ...rest] = levels;
    if (group === undefined || group === "" || /[+#]/.test(group) || rest.join("/") === "") {
      throw wrong('write "$share/group/topic"');
    }
    levels = rest;
  }
  for (const [i, level] of levels.entries()) {
    if (level.includes("#") && (level !== "#" || i < levels.length - 1)) {
      throw wrong('"#" stands for the rest of a topic: write it alone, after the last "/"');
    }
    if (level.includes("+") && level !== "+") {
      throw wrong('"+" stands for one level: write it alone between two "/"');
    }
  }
}
