import { runChild } from "../child.ts";
import { judge, type Row } from "../measure.ts";

const ROUNDS = 5;
const MORE = 8;

/** Row E, its worker part: the memory of one more instance of a plugin, against that of one more bare Worker. */
export async function measureInstances(): Promise<Row[]> {
  const bare: number[] = [];
  const instances: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await runChild<number>("memory/bare.ts", [MORE]));
    instances.push(await runChild<number>("memory/instances.ts", [MORE]));
  }
  const note = `growth of the process with ${MORE} more, divided; base: a bare Worker`;
  return [
    judge({ row: "E", what: "one more worker instance, RSS", unit: "MB", note }, {
      atMostPlus: 3,
    }, { base: bare, measured: instances }),
  ];
}
