import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { buildSync } from "esbuild";
import { aborted, interruptible } from "../../cli/interrupt";
import { CleanUpError, CommandError, cleanUp } from "../../cli/problem";

const failure = (work: Promise<unknown>) => work.then(() => undefined).catch((error: Error) => error);

describe("work that may be interrupted", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("ends with one line by %s, whatever it was at", async (name) => {
    const error = await failure(
      interruptible(async (signal) => {
        process.emit(name, name);
        await aborted(signal);
        throw new Error("synth ended with code undefined");
      }),
    );
    expect(error).toEqual(new CommandError(`stopped by ${name}; everything it had started has ended`));
  });

  it("says so where not everything could be ended", async () => {
    const error = await failure(
      interruptible(async () => {
        process.emit("SIGINT", "SIGINT");
        await cleanUp(() => Promise.reject(new Error("the emulator hangs")));
      }),
    );
    expect(error).toEqual(new CleanUpError("not everything that was started could be ended: the emulator hangs"));
  });

  it("fails with its own error where nobody interrupted it", async () => {
    expect(await failure(interruptible(() => Promise.reject(new Error("of its own"))))).toEqual(
      new Error("of its own"),
    );
  });

  it("may end well although it was interrupted, as a server does", async () => {
    const done = await interruptible(async (signal) => {
      process.emit("SIGINT", "SIGINT");
      await aborted(signal);
      return "served";
    });
    expect(done).toBe("served");
  });

  it("is stopped where nobody reads its output any more", async () => {
    const error = await failure(
      interruptible(async (signal) => {
        process.stdout.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
        await aborted(signal);
        throw new Error("stopped");
      }),
    );
    expect(error).toEqual(new CommandError("stopped by the end of its output; everything it had started has ended"));
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

  it("leaves no listener behind", async () => {
    const count = () => process.listenerCount("SIGINT") + process.stdout.listenerCount("error");
    const before = count();
    await interruptible(async () => undefined);
    expect(count()).toBe(before);
  });
});
