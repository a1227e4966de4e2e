import * as path from "node:path";
import { runCommand } from "../../../../local/setup/command";
import { childEnvironment } from "../../../../local/setup/environment";
import { ensurePython } from "../../../../local/setup/python";
import type { Result, Scan } from "./findings";

export type Framework = "terraform_json" | "terraform_plan";

interface Report {
  readonly check_type: string;
  readonly summary: { readonly parsing_errors: number };
  readonly results: Readonly<Record<"passed_checks" | "failed_checks" | "skipped_checks", readonly Check[]>>;
}
interface Check {
  readonly check_id: string;
  readonly check_name: string;
  readonly resource: string;
  readonly file_abs_path: string;
}

/** checkov in an environment of its own, which cannot call home: no HOME with keys, no download, no way to a proxy. */
export class Checkov {
  private constructor(
    private readonly python: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** `home` is a folder for what its processes are given, by which they are known too. */
  static async install(home: string): Promise<Checkov> {
    const requirements = path.join(__dirname, "requirements.txt");
    const python = await ensurePython(() => undefined, { requirements });
    const env = childEnvironment(home, {
      CKV_SKIP_PACKAGE_UPDATE: "true",
      BC_SKIP_MAPPING: "TRUE",
      ANSI_COLORS_DISABLED: "1",
      LOG_LEVEL: "ERROR",
    });
    return new Checkov(python, env);
  }

  /**
   * Scans files of one framework in one run and answers each by its path. Fails where checkov read a file with an error or
   * not at all, both of which it takes for success itself.
   */
  async scan(framework: Framework, files: readonly string[]): Promise<ReadonlyMap<string, Scan>> {
    const report = await this.report(framework, files);
    if (report?.check_type !== framework) {
      throw new Error(`checkov found nothing of framework ${framework} in ${files.join(", ")}`);
    }
    if (report.summary.parsing_errors !== 0) {
      throw new Error(`checkov could not parse ${report.summary.parsing_errors} of ${files.join(", ")}`);
    }
    const { passed_checks, failed_checks, skipped_checks } = report.results;
    if (skipped_checks.length > 0)
      throw new Error(`checkov skipped ${skipped_checks[0]!.check_id}: exceptions stand in modules/`);
    const scans = new Map<string, Scan>();
    for (const file of files) {
      const of = (checks: readonly Check[], passed: boolean): Result[] =>
        checks
          .filter(({ file_abs_path }) => path.resolve(file_abs_path) === path.resolve(file))
          .map(({ check_id, check_name, resource }) => ({
            check: check_id,
            // `TYPE.ID`, `resource.ID` or `data.ID`, by the kind of the check.
            id: resource.slice(resource.lastIndexOf(".") + 1),
            passed,
            says: check_name,
          }));
      scans.set(file, {
        scanner: `checkov ${framework}`,
        results: [...of(passed_checks, true), ...of(failed_checks, false)],
      });
    }
    return scans;
  }

  /** Types that checkov has checks of its own for, by its own list; those of its graph (CKV2) look at several resources at once. */
  async types(): Promise<ReadonlySet<string>> {
    const { stdout } = await runCommand(this.python, ["-m", "checkov.main", "--list", "--framework", "terraform"], {
      env: this.env,
    });
    const rows = [...stdout.matchAll(/\| CKV_AWS_\d+ +\| (resource|data) +\| (aws_\w+)/g)];
    if (rows.length === 0) throw new Error(`checkov lists no checks: ${stdout.slice(0, 200)}`);
    return new Set(rows.map(([, kind, type]) => (kind === "data" ? `data.${type}` : type!)));
  }

  /** What checkov prints; undefined when it has no report of the framework at all. */
  async report(framework: string, files: readonly string[]): Promise<Report | undefined> {
    // Compact: without the lines of each resource, which are most of a report.
    const args = ["-m", "checkov.main", "--framework", framework, "-o", "json", "--compact", "--skip-download"];
    const { code, stdout, stderr } = await runCommand(
      this.python,
      [...args, ...files.flatMap((file) => ["-f", file])],
      {
        env: this.env,
        cwd: this.env.HOME,
      },
    );
    if (code !== 0 && code !== 1) throw new Error(`checkov ended with ${code}: ${stderr.trim()}`);
    const report = JSON.parse(stdout);
    return "check_type" in report ? report : undefined;
  }
}
