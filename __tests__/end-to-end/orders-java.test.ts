import { redstream } from "./support/command";

jest.setTimeout(300_000);

it("orders end with one line that says what is wrong with Java, before anything is applied", async () => {
  const { code, stdout, stderr } = await redstream(["up", "orders", "--records", "10"], {
    env: { ...process.env, JAVA_HOME: "/nowhere" },
  }).ended;
  expect(code).toBe(1);
  expect(stderr.trimEnd().split("\n").at(-1)).toBe(
    "redstream: JAVA_HOME is /nowhere, where there is no bin/java; set it to the folder of a Java 17 or later, or unset it",
  );
  expect(stdout + stderr).not.toContain("the local AWS is up");
});
