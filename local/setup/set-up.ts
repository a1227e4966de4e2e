import { ensureJar, type Jar } from "./jar";
import { ensurePython } from "./python";
import { ensureTerraform, type TerraformSetup } from "./terraform";

export interface SetUp {
  readonly terraform: TerraformSetup;
  /** Python of the emulator's environment. */
  readonly python: string;
  /** Left out where nothing that is applied has an analytics application. */
  readonly jar?: Jar;
}

/**
 * Everything a local run needs besides Node.js packages, found or made; only what is missing is fetched. Throws SetupError with one line. `analytics: false` builds no
 * program of an analytics application, for stacks that have none.
 */
export async function setUp(
  progress: (line: string) => void,
  { analytics = true }: { readonly analytics?: boolean } = {},
): Promise<SetUp> {
  // First what only looks, so that a missing program is said before anything is fetched.
  const terraform = await ensureTerraform(progress);
  const [python, jar] = await Promise.all([ensurePython(progress), analytics ? ensureJar(progress) : undefined]);
  return { terraform, python, ...(jar ? { jar } : {}) };
}
