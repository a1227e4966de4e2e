import { readdirSync, readFileSync, statSync } from "node:fs";
import * as path from "node:path";

const ROOT = path.resolve(__dirname, "..");

/**
 * What each room may import of the others. Anything not named here is forbidden: a new arrow in docs/design.md's picture is a
 * new entry here, and the other way round.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "lambda-src": [],
  modules: ["lambda-src"],
  stacks: ["modules", "settings", "lambda-src/events"],
  "settings.ts": [],
  "main.ts": ["settings", "stacks"],
  local: ["lambda-src/events", "tools/lock"],
  // What stands in the queue, the ledger and a replay's steps: written by the functions, read by the command line.
  cli: ["local", "lambda-src/events", "lambda-src/load/message", "lambda-src/load/entry", "lambda-src/replay/event"],
  faults: ["local", "cli"],
};

/** Packages that a room must do without, by their first words. */
const NO_PACKAGE: Readonly<Record<string, readonly string[]>> = {
  "lambda-src": ["cdktf", "@cdktf/", "constructs", "@duckdb/"],
  modules: ["@aws-sdk/", "@duckdb/"],
  stacks: ["@aws-sdk/", "@duckdb/"],
  local: ["cdktf", "@cdktf/", "constructs"],
  cli: ["cdktf", "@cdktf/", "constructs"],
  faults: ["cdktf", "@cdktf/", "constructs"],
};

/** The only files that read the environment: settings at synth, a handler's config, the set-up of a local run's children. */
const READS_ENVIRONMENT = [
  /^settings\.ts$/,
  /^lambda-src\/[^/]+\/(config|index)\.ts$/,
  /^local\/setup\//,
  /^cli\/main\.ts$/,
];

function sources(room: string): string[] {
  if (statSync(path.join(ROOT, room)).isFile()) return [room];
  return readdirSync(path.join(ROOT, room), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.includes("node_modules"))
    .map((file) => path.join(room, file));
}

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(ROOT, file), "utf8");
  const found = text.matchAll(/^\s*(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"|\b(?:import|require)\("([^"]+)"\)/gm);
  return [...found].map((match) => (match[1] ?? match[2])!);
}

/** The place in this project that a relative import points to, from the root; undefined for a package. */
function targetOf(file: string, from: string): string | undefined {
  return from.startsWith(".") ? path.join(path.dirname(file), from) : undefined;
}

const within = (target: string, folder: string) => target === folder || target.startsWith(`${folder}/`);
const rooms = Object.keys(MAY_IMPORT);
const everything = rooms.flatMap((room) => sources(room).map((file) => [file, room] as const));

describe("the rooms of this project", () => {
  it.each(everything)("%s imports only what its room may", (file, room) => {
    const own = room.replace(/\.ts$/, "");
    const forbidden = importsOf(file)
      .map((from) => targetOf(file, from))
      .filter((target) => target !== undefined)
      .filter((target) => ![own, ...MAY_IMPORT[room]!].some((folder) => within(target, folder)));
    expect(forbidden).toEqual([]);
  });

  it.each(everything)("%s takes no package its room must do without", (file, room) => {
    const forbidden = importsOf(file).filter((from) =>
      (NO_PACKAGE[room] ?? []).some(
        (start) => from === start || (start.endsWith("/") ? from.startsWith(start) : from.startsWith(`${start}/`)),
      ),
    );
    expect(forbidden).toEqual([]);
  });

  it.each(everything)("%s takes provider resources by their own path", (file) => {
    // The package's root is a barrel of 1,400 resources: 528 MB and 9 s of every synth.
    expect(importsOf(file).filter((from) => /^@cdktf\/provider-[a-z]+$/.test(from))).toEqual([]);
  });

  it.each(everything.map(([file]) => file))("%s leaves the environment to the files that may read it", (file) => {
    const reads = /\bprocess\.env\b/.test(readFileSync(path.join(ROOT, file), "utf8"));
    expect(reads && !READS_ENVIRONMENT.some((pattern) => pattern.test(file))).toBe(false);
  });

  it("lets no local service know another", () => {
    const crossing = sources("local/services").flatMap((file) => {
      const service = file.split(path.sep)[2]!;
      return importsOf(file)
        .map((from) => targetOf(file, from))
        .filter((target) => target?.startsWith("local/services/") && !within(target, `local/services/${service}`))
        .map((target) => `${file} -> ${target}`);
    });
    expect(crossing).toEqual([]);
  });

  it("lets nothing but the fault campaign give the gateway an interceptor", () => {
    const giving = [...sources("local"), ...sources("cli"), ...sources("faults")].filter((file) =>
      importsOf(file).some((from) => from.endsWith("/intercept")),
    );
    expect(giving.sort()).toEqual([
      "faults/spoiler.ts",
      "local/aws.ts",
      "local/gateway/forwarder.ts",
      "local/gateway/front.ts",
      "local/gateway/gateway.ts",
    ]);
  });

  it("lets nothing but the fault campaign plan conflicts in the warehouses of a local run", () => {
    const planning = [...sources("local"), ...sources("cli"), ...sources("faults")].filter((file) =>
      /\bnew WriteConflicts\(|\bconflicts\.inject\(/.test(readFileSync(path.join(ROOT, file), "utf8")),
    );
    expect(planning.sort()).toEqual(["faults/apply.ts", "faults/run-once.ts", "local/warehouse/warehouse.ts"]);
  });

  it("keeps AWS out of the warehouse", () => {
    const aws = sources("local/warehouse").flatMap((file) =>
      importsOf(file).filter((from) => from.startsWith("@aws-sdk/")),
    );
    expect(aws).toEqual([]);
  });

  it.each(sources("lambda-src").filter((file) => /\/index\.ts$/.test(file) && !file.includes("events")))(
    "%s awaits nothing and calls no client at import",
    (file) => {
      const text = readFileSync(path.join(ROOT, file), "utf8");
      expect(/^await\b/m.test(text)).toBe(false);
    },
  );
});
