import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { EnvironmentContext, JestEnvironmentConfig } from "@jest/environment";
import NodeEnvironment from "jest-environment-node";
import { endProcessesOf } from "./processes";

/**
 * Node's environment, with a folder for the temporary files of each test file. When the file is over, however it ended, every process that was given that folder
 * is ended and the folder removed: a hook that ran out of time leaves Terraform, its plugins and scanners working, and the next file would share the machine
 * with them.
 */
export default class FileEnvironment extends NodeEnvironment {
  private readonly before: string | undefined;
  private readonly folder: string;

  constructor(config: JestEnvironmentConfig, context: EnvironmentContext) {
    const folder = mkdtempSync(path.join(tmpdir(), "file-"));
    // The tests see a copy of the environment, made by `super`; `os.tmpdir` and what is started look into this one.
    const before = process.env.TMPDIR;
    process.env.TMPDIR = path.join(folder, "t");
    mkdirSync(process.env.TMPDIR);
    super(config, context);
    this.folder = folder;
    this.before = before;
  }

  override async teardown(): Promise<void> {
    await super.teardown();
    if (this.before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = this.before;
    await endProcessesOf(this.folder);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
