import * as path from "node:path";

interface BuildJar {
  readonly JAR: string;
  isCurrent(): boolean;
  missingTools(): string | undefined;
  build(progress: (line: string) => void): Promise<string>;
}

export type Jar = { readonly path: string } | { readonly missing: string };

/**
 * The program of the analytics application, built when its sources have changed and Java and Maven are there. Without them the local
 * run puts a placeholder into its own copy of the stack: locally the SELECT is evaluated by the embedded engine, so the run is the
 * same. A build that fails is an error, not a reason for a placeholder.
 */
export async function ensureJar(progress: (line: string) => void): Promise<Jar> {
  // Plain JavaScript outside the bundle, which the `build:jar` script runs too.
  const { JAR, isCurrent, missingTools, build } = require(path.resolve("tools", "build-jar.js")) as BuildJar;
  if (isCurrent()) return { path: JAR };
  const missing = missingTools();
  if (missing) {
    progress(
      `${missing}. Until then a placeholder stands for the JAR in the local copy; the embedded engine evaluates the SELECT`,
    );
    return { missing };
  }
  return { path: await build(progress) };
}
