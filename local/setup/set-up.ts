import { ensureJar, type Jar } from "./jar";
import { ensurePython } from "./python";
import { ensureTerraform, type TerraformSetup } from "./terraform";

export interface SetUp {
  readonly terraform: TerraformSetup;
  /** Python of the emulator's environment. */
  readonly python: string;
  readonly jar: Jar;
}

/** Everything a local run needs besides Node.js packages, found or made; only what is missing is fetched. Throws SetupError with one line. */
export async function setUp(progress: (line: string) => void): Promise<SetUp> {
  // First what only looks, so that a missing program is said before anything is fetched.
  const terraform = await ensureTerraform(progress);
  const [python, jar] = await Promise.all([ensurePython(progress), ensureJar(progress)]);
  return { terraform, python, jar };
}
