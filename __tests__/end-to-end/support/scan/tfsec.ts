import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { lastLine, runCommand } from "../../../../local/setup/command";
import { childEnvironment, networkEnvironment } from "../../../../local/setup/environment";
import { SetupError } from "../../../../local/setup/problem";
import { withLock } from "../../../../tools/lock";
import { temporary } from "../../../support/programs";
import type { Configuration } from "../synthesized";
import type { Scan } from "./findings";

const VERSION = "v1.28.14";
const PROGRAM = `github.com/aquasecurity/tfsec/cmd/tfsec@${VERSION}`;

/** Statuses in tfsec's report: a rule that holds has 1, one that does not 0. */
const PASSED = 1;

interface Report {
  readonly results:
    | readonly {
        readonly long_id: string;
        readonly resource: string;
        readonly status: number;
        readonly description: string;
        readonly rule_description: string;
      }[]
    | null;
}

/** tfsec, built from its pinned Go module once, under `.redstream/tools/`. */
export class Tfsec {
  private constructor(private readonly executable: string) {}

  /** Throws SetupError with one line where Go is missing or does not build it. */
  static async install(): Promise<Tfsec> {
    const folder = path.resolve(".redstream", "tools", `tfsec-${VERSION}`);
    const executable = path.join(folder, "tfsec");
    mkdirSync(folder, { recursive: true });
    await withLock(`${folder}.lock`, async (hold) => {
      if (existsSync(path.join(folder, ".complete"))) return;
      rmSync(executable, { force: true });
      const built = await runCommand("go", ["install", PROGRAM], {
        env: networkEnvironment({ GOBIN: folder }),
        onStart: hold,
      });
      if (built.missing) {
        throw new SetupError(
          "go is not on the PATH; the scanner tfsec is built with Go 1.22 or later: install it (go.dev/doc/install, or apt-get install golang-go) and start again",
        );
      }
      if (built.code !== 0) throw new SetupError(`go install ${PROGRAM} failed: ${lastLine(built.stderr)}`);
      writeFileSync(path.join(folder, ".complete"), "");
    });
    return new Tfsec(executable);
  }

  /** Scans a stack given as HCL. A parse error is an error here. */
  async scan(hcl: string): Promise<Scan> {
    const folder = temporary("tfsec");
    writeFileSync(path.join(folder, "main.tf"), hcl);
    const args = [
      folder,
      "--format",
      "json",
      "--include-passed",
      "--no-colour",
      "--no-module-downloads",
      "--no-ignores",
    ];
    const { code, stdout, stderr } = await runCommand(this.executable, args, {
      env: childEnvironment(temporary("tfsec-home")),
    });
    if (code !== 0 && code !== 1) throw new Error(`tfsec ended with ${code}: ${lastLine(stdout)} ${stderr.trim()}`);
    const { results } = JSON.parse(stdout) as Report;
    return {
      scanner: "tfsec",
      results: (results ?? []).map(({ long_id, resource, status, description, rule_description }: Configuration) => ({
        check: long_id,
        id: resource.slice(resource.lastIndexOf(".") + 1),
        passed: status === PASSED,
        says: description || rule_description,
      })),
    };
  }
}
