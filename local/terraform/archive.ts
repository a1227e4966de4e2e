import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { SetupError } from "../setup/problem";
import { zipOf } from "./zip";

type Block = Readonly<Record<string, unknown>>;

/** What the stand-in understands of `archive_file`: one source file. Another argument stops the run, so that none is silently left out. */
const UNDERSTOOD = ["type", "source_file", "output_path", "output_file_mode", "depends_on", "provider", "//"];

/**
 * Makes the zip of one `data.archive_file` in the stack's folder and answers the attributes that the provider's documentation gives it.
 * Paths in the answer are as the stack has them.
 */
export function archiveFile(block: Block, address: string, folder: string): Readonly<Record<string, string | number>> {
  const strange = Object.keys(block).filter((name) => !UNDERSTOOD.includes(name));
  if (strange.length > 0 || block.type !== "zip") {
    const what = strange.length > 0 ? strange.join(", ") : `type ${JSON.stringify(block.type)}`;
    throw new SetupError(
      `${address}: the local run without the archive provider makes zips of one source_file; ${what} needs a plugin mirror that holds hashicorp/archive`,
    );
  }
  const source = localPath(block, "source_file", address, folder);
  const output = localPath(block, "output_path", address, folder);
  if (!existsSync(source))
    throw new SetupError(`${address}: source_file ${source} does not exist: synthesize the stack again`);
  const content = readFileSync(source);
  const zip = zipOf(path.basename(source), content, modeOf(block, address));
  mkdirSync(path.dirname(output), { recursive: true });
  writeFileSync(output, zip);

  const digest = (algorithm: string, encoding: "hex" | "base64") => createHash(algorithm).update(zip).digest(encoding);
  return {
    type: "zip",
    source_file: block.source_file as string,
    output_path: block.output_path as string,
    output_size: zip.length,
    output_md5: digest("md5", "hex"),
    output_sha: digest("sha1", "hex"),
    id: digest("sha1", "hex"),
    output_sha256: digest("sha256", "hex"),
    output_base64sha256: digest("sha256", "base64"),
    output_sha512: digest("sha512", "hex"),
    output_base64sha512: digest("sha512", "base64"),
  };
}

/** A path inside the stack's folder; `${path.module}` is that folder. */
export function localPath(block: Block, name: string, address: string, folder: string): string {
  const value = block[name];
  const relative = typeof value === "string" ? value.replace(/^\$\{path\.(module|root)\}\//, "") : "";
  const full = path.resolve(folder, relative);
  if (relative === "" || /[$%]\{/.test(relative) || !full.startsWith(folder + path.sep)) {
    throw new SetupError(`${address}: ${name} must be a path inside the stack's folder, got ${JSON.stringify(value)}`);
  }
  return full;
}

function modeOf(block: Block, address: string): number {
  const mode = block.output_file_mode ?? "0644";
  if (typeof mode === "string" && /^0?[0-7]{3}$/.test(mode)) return Number.parseInt(mode, 8);
  throw new SetupError(
    `${address}: output_file_mode must be an octal mode such as "0644", got ${JSON.stringify(mode)}`,
  );
}
