/**
 * What keeps a text from being the address of a plugin.
 *
 * @returns a clause with its cure that begins with a verb, or undefined when nothing does.
 */
export function urlProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return "is no URL: write it as https://host/path.ts";
  if (url.username !== "" || url.password !== "") {
    return "holds a user or password: put a token under plugins.tokens in etc/kuiper.yaml";
  }
  if (url.hash !== "") return 'has a fragment ("#…"), which names no module: leave it out';
  if (url.protocol === "https:") return undefined;
  if (url.protocol === "http:") {
    return isLoopback(url.hostname)
      ? undefined
      : "begins with http:, which anybody on the way can change: use https:";
  }
  return `begins with ${url.protocol}, expected https: (a file goes into plugins/sources)`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}
