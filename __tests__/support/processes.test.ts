import { spawn } from "node:child_process";
import { once } from "node:events";
import { readProcess } from "../../local/runs/processes";
import { endProcessesOf } from "./processes";
import { temporary } from "./programs";

/** A shell in a group of its own, with this for its temporary files, and a child of it; answers the ids of both. */
async function started(folder: string): Promise<readonly number[]> {
  const child = spawn("/bin/sh", ["-c", "sleep 600 & echo $!; wait"], {
    env: { PATH: process.env.PATH, TMPDIR: `${folder}/t` },
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = await once(child.stdout, "data");
  return [child.pid!, Number(String(line))];
}

const alive = (pids: readonly number[]) => pids.map((pid) => readProcess(pid) !== undefined);

it("ends what was started with a folder, children that outlived their parent included, and nothing else", async () => {
  const [ours, others] = [temporary("ours"), temporary("others")];
  const [mine, theirs] = [await started(ours), await started(others)];
  process.kill(mine[0]!, "SIGKILL");
  await endProcessesOf(ours);
  expect([alive(mine), alive(theirs)]).toEqual([
    [false, false],
    [true, true],
  ]);
  await endProcessesOf(others);
  expect(alive(theirs)).toEqual([false, false]);
});
