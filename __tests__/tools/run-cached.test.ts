import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { temporary } from "../support/programs";

/** Runs a program of this text by the tool, in a process of its own, and answers what it printed. */
function run(file: string): string {
  const tool = path.resolve("tools", "run-cached.js");
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["-e", `require(${JSON.stringify(tool)}).runCached(process.argv[1])`, file],
    {
      encoding: "utf8",
    },
  );
  return stdout + stderr;
}

let file: string;
beforeEach(() => {
  file = path.join(temporary("cached"), "program.js");
});

describe("a program that is run with a code cache", () => {
  it("does the same with the cache as without", () => {
    writeFileSync(file, "console.log(__filename, typeof require('node:fs').readFileSync, typeof module.exports);");
    const first = run(file);
    expect(existsSync(`${file}.v8`)).toBe(true);
    expect(run(file)).toBe(first);
    expect(first).toBe(`${file} function object\n`);
  });

  it("has the letters of every language, with the cache too", () => {
    writeFileSync(file, "console.log('Zürich 東京 🏁');");
    expect([run(file), run(file)]).toEqual(["Zürich 東京 🏁\n", "Zürich 東京 🏁\n"]);
  });

  it("ends where its file ends, with a comment", () => {
    writeFileSync(file, "console.log('ran'); // done");
    expect(run(file)).toBe("ran\n");
  });

  it("is never what it was before it was changed", () => {
    writeFileSync(file, "console.log('old');");
    run(file);
    writeFileSync(file, "console.log('new');");
    expect(run(file)).toBe("new\n");
  });

  it.each(["", "not a cache"])("is run without a cache that is %j", (content) => {
    writeFileSync(file, "console.log('ran');");
    run(file);
    writeFileSync(`${file}.v8`, content);
    expect(run(file)).toBe("ran\n");
  });

  it("is run without a cache that is damaged", () => {
    writeFileSync(file, "console.log('ran');");
    run(file);
    const cache = readFileSync(`${file}.v8`);
    writeFileSync(`${file}.v8`, cache.fill(7, 32));
    expect(run(file)).toBe("ran\n");
  });
});
