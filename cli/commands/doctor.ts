import { Command } from "commander";
import { ensureJar } from "../../local/setup/jar";
import { ensurePython } from "../../local/setup/python";
import { ensureTerraform } from "../../local/setup/terraform";
import { CommandError } from "../problem";

/** What a run needs, one by one; what can be fetched is fetched. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("Look at everything a local run needs, fetch what is missing, and say what cannot be")
    .action(async () => {
      const say = (line: string) => console.log(`    ${line}`);
      const checks: readonly (readonly [string, () => Promise<string>])[] = [
        ["Node.js", async () => process.version],
        ["Terraform", async () => (await ensureTerraform(say)).version],
        ["Python environment of the emulator", () => ensurePython(say)],
        [
          "Flink SQL runner (Java, Maven)",
          async () => {
            const jar = await ensureJar(say);
            if ("missing" in jar) throw new Error(`${jar.missing} (a local run does without)`);
            return jar.path;
          },
        ],
      ];
      const failed: string[] = [];
      for (const [name, check] of checks) {
        try {
          console.log(`ok  ${name}: ${await check()}`);
        } catch (error) {
          failed.push(name);
          console.log(`--  ${name}: ${(error as Error).message}`);
        }
      }
      if (failed.length > 0) throw new CommandError(`not there: ${failed.join(", ")}`);
    });
}
