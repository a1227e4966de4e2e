import * as path from "node:path";
import { Command } from "commander";
import { ensureJar } from "../../local/setup/jar";
import { ensureTerraform } from "../../local/setup/terraform";
import { checkOwnState, prepareCopy } from "../../local/terraform/prepare";
import { synthesize } from "../synth";

/** The copy that a local run applies, for one's own terraform or cdktf. */
export function prepareCommand(settingsFile: string | undefined): Command {
  return new Command("prepare")
    .description("Synthesize, and copy a stack to where the local AWS can apply it")
    .argument("<stack>", "the stack, such as telemetry-lake")
    .argument(
      "<folder>",
      "where to, such as .redstream/copy/cdktf.out; the state goes beside it, into .terraform-state",
    )
    .action(async (stack: string, folder: string) => {
      const say = (line: string) => console.log(line);
      checkOwnState({ from: "cdktf.out", to: folder });
      await synthesize("cdktf.out", settingsFile);
      const terraform = await ensureTerraform(say);
      const jar = await ensureJar(say);
      const { standIns } = prepareCopy({
        stack,
        from: "cdktf.out",
        to: folder,
        plugins: terraform.plugins,
        ...("path" in jar ? { jar: jar.path } : {}),
      });
      for (const line of standIns) say(`stands in: ${line}`);
      say(`${stack} is in ${path.resolve(folder)}. In a shell that has what "npx redstream serve" prints:`);
      for (const verb of ["diff", "deploy", "destroy"])
        say(`  npx cdktf ${verb} ${stack} --skip-synth -o ${folder} --skip-provider-lock`);
    });
}
