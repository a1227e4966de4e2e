import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { ensurePython } from "../../../local/setup/python";
import { pathWith, temporary } from "../../support/programs";

/** A Python that says a version and missing modules, makes "virtual environments" of one script, and whose pip exits as told. */
function python({ version = "3.12.1", missing = "", pip = "exit 0" } = {}): Record<string, string> {
  return {
    python3: `case "$1" in
-c) echo "${version}${missing && ` ${missing}`}";;
-m) /bin/mkdir -p "$3/bin"; /bin/cat > "$3/bin/python" <<'END'
#!/bin/sh
echo "$@" >> "$(/usr/bin/dirname "$0")/calls"
${pip}
END
/bin/chmod +x "$3/bin/python";;
esac`,
  };
}

function project() {
  const root = temporary("project");
  const requirements = path.join(root, "requirements.txt");
  writeFileSync(requirements, "ministack==1.5.33\n");
  const lines: string[] = [];
  const ensure = (scripts: Record<string, string>) =>
    ensurePython((line) => lines.push(line), { root, requirements, parent: { PATH: pathWith(scripts), HOME: root } });
  const venvs = () => readdirSync(path.join(root, ".redstream", "venv")).filter((name) => !name.includes(".lock"));
  return { root, requirements, lines, ensure, venvs };
}
const callsOf = (python: string) =>
  readFileSync(path.join(path.dirname(python), "calls"), "utf8")
    .trim()
    .split("\n");

describe("the emulator's Python", () => {
  it("is a virtual environment that holds exactly what requirements.txt names", async () => {
    const { ensure, requirements } = project();
    expect(callsOf(await ensure(python()))).toEqual([
      `-m pip install --quiet --no-input --no-deps --requirement ${requirements}`,
    ]);
  });

  it("is made once", async () => {
    const { ensure, lines } = project();
    const first = await ensure(python());
    lines.length = 0;
    expect(await ensure(python())).toBe(first);
    expect([callsOf(first).length, lines]).toEqual([1, []]);
  });

  it("is made once by two that start at the same time", async () => {
    const { ensure } = project();
    const [one, two] = await Promise.all([
      ensure(python({ pip: "/bin/sleep 0.3" })),
      ensure(python({ pip: "/bin/sleep 0.3" })),
    ]);
    expect([one === two, callsOf(one).length]).toEqual([true, 1]);
  });

  it("is made anew for other requirements", async () => {
    const { ensure, requirements, venvs } = project();
    const first = await ensure(python());
    writeFileSync(requirements, "ministack==1.5.34\n");
    expect(await ensure(python())).not.toBe(first);
    expect(venvs().length).toBe(2);
  });

  it("is made anew when the last attempt was cut, or the project has moved", async () => {
    const { ensure } = project();
    const made = await ensure(python());
    const folder = path.dirname(path.dirname(made));
    writeFileSync(path.join(folder, ".complete"), "/where/it/was");
    mkdirSync(path.join(folder, "half-done"));
    await ensure(python());
    expect([existsSync(path.join(folder, "half-done")), callsOf(made).length]).toEqual([false, 1]);
  });

  it("is refused where there is no Python", async () => {
    await expect(project().ensure({})).rejects.toThrow(
      "python3 is not on the PATH; the emulator needs Python 3.10 or later: install it and start again",
    );
  });

  it("is refused where Python is too old, and a newer one beside it is taken", async () => {
    await expect(project().ensure(python({ version: "3.9.2" }))).rejects.toThrow(
      "Python 3.10 or later is needed for the emulator, python3 is 3.9.2: install a newer python3",
    );
    const newer = { ...python({ version: "3.9.2" }), "python3.12": python().python3! };
    expect(await project().ensure(newer)).toMatch(/bin\/python$/);
  });

  it("is refused where the venv module is missing, with the package to install", async () => {
    await expect(project().ensure(python({ missing: "ensurepip" }))).rejects.toThrow(
      "python3 (3.12.1) has no module ensurepip, which makes virtual environments: install it (Debian and Ubuntu: apt-get install python3-venv)",
    );
  });

  it("says in one line why pip failed, and leaves nothing that a next run would take for done", async () => {
    const { ensure, requirements, venvs } = project();
    const pip = "echo 'WARNING: x' >&2; echo 'ERROR: No matching distribution found for ministack' >&2; exit 1";
    await expect(ensure(python({ pip }))).rejects.toThrow(
      `pip could not install ${requirements}: No matching distribution found for ministack. Check the network and pip's configuration, then start again`,
    );
    expect(venvs()).toEqual([]);
  });
});
