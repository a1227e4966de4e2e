import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { lastLine, runCommand } from "../../../../local/setup/command";
import { childEnvironment, networkEnvironment } from "../../../../local/setup/environment";
import { SetupError } from "../../../../local/setup/problem";
import { withLock } from "../../../../tools/lock";
import type { Result, Scan } from "./findings";

const VERSION = "v1.28.14";
const PROGRAM = `github.com/aquasecurity/tfsec/cmd/tfsec@${VERSION}`;

/** Statuses in tfsec's report: a rule that holds has 1, one that does not 0. */
const PASSED = 1;

interface Said {
  readonly long_id: string;
  readonly resource: string;
  readonly status: number;
  readonly description: string;
  readonly rule_description: string;
  readonly location: { readonly filename: string };
}

interface Report {
  readonly results: readonly Said[] | null;
}

/** tfsec, built from its pinned Go module once, under `.redstream/tools/`. */
export class Tfsec {
  private constructor(
    private readonly executable: string,
    private readonly home: string,
  ) {}

  /** `home` is a folder for what its processes read and are given. Throws SetupError with one line where Go is missing or does not build it. */
  static async install(home: string): Promise<Tfsec> {
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
    return new Tfsec(executable, home);
  }

  /**
   * Scans stacks given as HCL in one run, which takes hardly longer than one of them alone, and answers each by its name. A parse error is an error
   * here, and so is a stack of which nothing is said.
   */
  async scan(stacks: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, Scan>> {
    const folder = mkdtempSync(path.join(this.home, "tfsec-"));
    const files = new Map(
      [...stacks].map(([name, hcl], index) => {
        const file = path.join(folder, String(index), "main.tf");
        mkdirSync(path.dirname(file));
        writeFileSync(file, hcl);
        return [name, file];
      }),
    );
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
      env: childEnvironment(this.home),
    });
    // What it cannot parse it says in words, with the code that findings have.
    if ((code !== 0 && code !== 1) || !stdout.trimStart().startsWith("{")) {
      throw new Error(`tfsec ended with ${code}: ${lastLine(stdout)} ${stderr.trim()}`);
    }
    const results = (JSON.parse(stdout) as Report).results ?? [];
    return new Map(
      [...files].map(([name, file]) => {
        const own = results.filter(({ location }) => path.resolve(location.filename) === file);
        if (own.length === 0) throw new Error(`tfsec said nothing of ${name} (${file})`);
        return [name, { scanner: "tfsec", results: own.map(resultOf) }];
      }),
    );
  }
}

const resultOf = ({ long_id, resource, status, description, rule_description }: Said): Result => ({
  check: long_id,
  id: resource.slice(resource.lastIndexOf(".") + 1),
  passed: status === PASSED,
  says: description || rule_description,
});
