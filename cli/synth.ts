import { runCommand } from "../local/setup/command";
import { networkEnvironment } from "../local/setup/environment";
import { findTerraform } from "../local/setup/terraform";
import { CommandError } from "./problem";

/**
 * Synthesizes every stack to `folder`, in a process of its own: this side of the wall imports no construct. A wrong setting is a
 * CommandError with the line that synth says.
 */
export async function synthesize(folder: string, settingsFile: string | undefined): Promise<void> {
  // CDKTF asks Terraform for its version while it checks the stacks; a missing one is said here in a line.
  await findTerraform();
  const env = networkEnvironment({
    CDKTF_OUTDIR: folder,
    ...(settingsFile === undefined ? {} : { REDSTREAM_SETTINGS: settingsFile }),
  });
  const { code, stderr, stdout } = await runCommand(process.execPath, ["tools/synth.js"], { env });
  if (code !== 0) throw new CommandError((stderr || stdout).trim() || `synth ended with code ${code}`);
}
