import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { zipOf } from "../../../local/terraform/zip";
import { temporary } from "../../support/programs";

/** Python's zipfile as the referee: name, mode, date, and the content after its own check of the checksum. */
function read(zip: Buffer): unknown {
  const file = path.join(temporary("zip"), "a.zip");
  writeFileSync(file, zip);
  const code = `import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1]); i = z.infolist()[0]
assert z.testzip() is None
print(json.dumps([len(z.infolist()), i.filename, oct(i.external_attr >> 16), i.date_time, z.read(i).hex()]))`;
  return JSON.parse(spawnSync("python3", ["-c", code, file], { encoding: "utf8" }).stdout);
}

describe("the zip of one file", () => {
  it.each([
    ["text", "index.js", Buffer.from("exports.handler = 1;\n"), 0o644],
    ["nothing", "empty", Buffer.alloc(0), 0o600],
    [
      "bytes under a name beyond ASCII",
      "größe.bin",
      Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256)),
      0o755,
    ],
  ])("holds %s, readable by others", (_, name, content, mode) => {
    expect(read(zipOf(name, content, mode))).toEqual([
      1,
      name,
      `0o100${mode.toString(8)}`,
      [1980, 1, 1, 0, 0, 0],
      content.toString("hex"),
    ]);
  });

  it("is the same bytes for the same source", () => {
    const make = () => zipOf("a", Buffer.from("b"), 0o644).toString("hex");
    expect(make()).toBe(make());
  });
});
