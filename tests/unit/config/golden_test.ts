// Each file of tests/golden/config is a base directory, what is asked of it, and the answer. UPDATE=1 writes answers.
import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { checkConfig, formatFinding, loadSourceConfig } from "../../../src/config/mod.ts";
import { messageOf } from "../../../src/core/mod.ts";
import { makeBase } from "./_base.ts";

const DIR = fromFileUrl(new URL("../../golden/config/", import.meta.url));
const EXPECT = "-- expect --\n";

for (const { name } of [...Deno.readDirSync(DIR)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  Deno.test(`configuration: ${name}`, async () => {
    const path = join(DIR, name);
    const text = await Deno.readTextFile(path);
    const [given = "", expected = ""] = text.split(EXPECT);
    const answer = await answerTo(parseParts(given));
    if (Deno.env.get("UPDATE") === "1") await Deno.writeTextFile(path, given + EXPECT + answer);
    else assertEquals(answer, expected);
  });
}

function parseParts(text: string): Record<string, string> {
  const parts = text.split(/^-- (.+) --\n/m);
  const files: Record<string, string> = {};
  for (let i = 1; i < parts.length; i += 2) files[parts[i]!] = parts[i + 1]!;
  return files;
}

/** With `-- load --` (one JSON query a line) what each load gives, else every finding. */
async function answerTo(parts: Record<string, string>): Promise<string> {
  const { env = "", load, ...files } = parts;
  const variables = env.trim().split("\n").filter((line) => line !== "").map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)];
  });
  await using input = await makeBase(files, Object.fromEntries(variables));
  const lines: string[] = [];
  if (load === undefined) {
    const findings = await checkConfig(input);
    lines.push(...findings.map((finding) => `${finding.severity}: ${formatFinding(finding)}`));
  }
  for (const query of (load ?? "").split("\n").filter((line) => line !== "")) {
    try {
      const config = await loadSourceConfig({ ...input, ...JSON.parse(query) });
      const { props, common, files, warnings } = config;
      lines.push(`${query}`, JSON.stringify(props), JSON.stringify(common), `read ${files}`);
      lines.push(...warnings.map((warning) => `warning: ${warning}`));
    } catch (error) {
      lines.push(`${query}`, `error: ${messageOf(error)}`);
    }
  }
  const dir = input.paths.base;
  return lines.map((line) => `${line}\n`).join("").replaceAll(dir, "BASE");
}
