import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { describeSource, hasProvider, readMirror, usualMirrors } from "../../../local/setup/plugins";

const PLATFORM = "linux_amd64";
const temp = () => mkdtempSync(path.join(tmpdir(), "mirror-"));
const base = (folder: string) => path.join(folder, "registry.terraform.io", "hashicorp");
const unpacked = (folder: string, type: string, version: string, platform = PLATFORM) =>
  mkdirSync(path.join(base(folder), type, version, platform), { recursive: true });

describe("a plugin mirror", () => {
  it("is read in the unpacked and the packed layout", () => {
    const folder = temp();
    unpacked(folder, "aws", "5.100.0");
    unpacked(folder, "aws", "5.99.1");
    mkdirSync(path.join(base(folder), "random"));
    writeFileSync(path.join(base(folder), "random", `terraform-provider-random_3.7.2_${PLATFORM}.zip`), "");
    expect(readMirror(folder, PLATFORM)).toEqual({ aws: ["5.100.0", "5.99.1"], random: ["3.7.2"] });
  });

  it("has nothing for another platform, nor behind a link that Terraform does not follow", () => {
    const folder = temp();
    unpacked(folder, "aws", "5.100.0", "darwin_arm64");
    const elsewhere = temp();
    unpacked(elsewhere, "archive", "2.7.1");
    symlinkSync(path.join(base(elsewhere), "archive"), path.join(base(folder), "archive"));
    expect(readMirror(folder, PLATFORM)).toEqual({});
  });

  it("that is no folder holds nothing", () => {
    expect(readMirror("/nonexistent/mirror", PLATFORM)).toEqual({});
  });

  it("is asked for exact versions, and a registry has them all", () => {
    const mirror = { kind: "mirror", folder: "/m", versions: { aws: ["5.100.0"] } } as const;
    expect([
      hasProvider(mirror, "aws"),
      hasProvider(mirror, "aws", "5.100.0"),
      hasProvider(mirror, "aws", "5.99.0"),
    ]).toEqual([true, true, false]);
    expect([hasProvider(mirror, "random"), hasProvider({ kind: "registry" }, "random", "3.7.2")]).toEqual([
      false,
      true,
    ]);
    expect(describeSource(mirror)).toBe("plugins come from the mirror /m (aws 5.100.0; random no; archive no)");
  });
});

describe("the usual places of mirrors", () => {
  it("are the ones Terraform documents for Linux, with its defaults", () => {
    expect(usualMirrors("/project", { HOME: "/home/a" }, "linux", "/nonexistent")).toEqual({
      implied: [
        "/project/terraform.d/plugins",
        "/home/a/.terraform.d/plugins",
        "/home/a/.local/share/terraform/plugins",
        "/usr/local/share/terraform/plugins",
        "/usr/share/terraform/plugins",
      ],
      opt: [],
    });
  });

  it("follow the XDG variables", () => {
    const { implied } = usualMirrors(
      "/p",
      { HOME: "/h", XDG_DATA_HOME: "/data", XDG_DATA_DIRS: "/a:/b" },
      "linux",
      "/nonexistent",
    );
    expect(implied.slice(2)).toEqual(["/data/terraform/plugins", "/a/terraform/plugins", "/b/terraform/plugins"]);
  });

  it("are the library folders on macOS", () => {
    const { implied } = usualMirrors("/p", { HOME: "/h" }, "darwin", "/nonexistent");
    expect(implied.slice(2)).toEqual([
      "/h/Library/Application Support/io.terraform/plugins",
      "/Library/Application Support/io.terraform/plugins",
    ]);
  });

  it("include folders of /opt that hold registry.terraform.io", () => {
    const opt = temp();
    mkdirSync(path.join(opt, "plugins", "registry.terraform.io"), { recursive: true });
    mkdirSync(path.join(opt, "other"));
    expect(usualMirrors("/p", {}, "linux", opt).opt).toEqual([path.join(opt, "plugins")]);
  });
});
