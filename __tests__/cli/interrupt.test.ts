import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { buildSync } from "esbuild";
import { aborted, interruptible } from "../../cli/interrupt";

describe("work that can be interrupted", () => {
  it("is told by Ctrl-C, and answers for itself", async () => {
    const work = interruptible(async (signal) => {
      process.emit("SIGINT");
      await aborted(signal);
      return "cleaned up";
    });
    await expect(work).resolves.toBe("cleaned up");
  });

  it("may wait for it at many places at once, without a warning of Node.js", async () => {
    // In a process of its own: the warning goes past a test's `process`.
    const waiting = `import { aborted, interruptible } from "./cli/interrupt";
      void interruptible(async (signal) => { for (let n = 0; n < 100; n++) void aborted(signal); });`;
    const { outputFiles } = buildSync({
      stdin: { contents: waiting, resolveDir: path.resolve(__dirname, "../..") },
      bundle: true,
      platform: "node",
      write: false,
    });
    const { stderr, status } = spawnSync(process.execPath, ["-e", outputFiles[0]!.text], { encoding: "utf8" });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  });

  it("leaves no listener of its own behind", async () => {
    const before = [process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")];
    await expect(interruptible(() => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
    expect([process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")]).toEqual(before);
  });
});
