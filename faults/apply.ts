import { takeStack, terraformFor } from "../local/apply";
import { startLocalAws } from "../local/aws";
import { Run } from "../local/runs/run";
import { setUp } from "../local/setup/set-up";
import { WriteConflicts } from "../local/warehouse";
import { Spoiler } from "./spoiler";
import { type LoaderOutputs, World } from "./world";

export const STACK = "s3-loader";
/** Nothing is shortened: the campaign says itself how long a message is unseen, in seconds that are seconds. */
const SPEED = 1;

/** Applies a synthesized loader stack to a local AWS of its own, hands it to `use`, and takes it down. */
export async function withWorld<T>(
  options: {
    /** Where the run has its folder. */
    readonly root: string;
    /** Synthesized folder. */
    readonly from: string;
    readonly progress: (line: string) => void;
    readonly signal?: AbortSignal;
  },
  use: (world: World) => Promise<T>,
): Promise<T> {
  const { root, from, progress, signal } = options;
  const ready = await setUp(progress);
  const run = Run.create({ root, stack: STACK });
  const stack = takeStack({ run, stack: STACK, setUp: ready, from });
  const spoiler = new Spoiler();
  const conflicts = new WriteConflicts();
  const gateway = await startLocalAws({
    folder: run.folder,
    region: stack.region,
    python: ready.python,
    speed: SPEED,
    interceptor: spoiler,
    conflicts,
  });
  try {
    run.started(gateway.emulatorPid, "emulator");
    const common = { run, stack, setUp: ready, endpoint: gateway.endpoint, progress };
    const terraform = terraformFor({ ...common, ...(signal ? { signal } : {}) });
    await terraform.init();
    await terraform.apply();
    progress("applied");
    const outputs = (await terraform.output()) as unknown as LoaderOutputs;
    const world = await World.of(gateway, outputs, stack.prepared.folder, { spoiler, conflicts });
    try {
      return await use(world);
    } finally {
      await world.close();
    }
  } finally {
    await gateway.stop();
  }
}
