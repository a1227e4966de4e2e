import { PassThrough } from "node:stream";
import { Channel } from "../../../local/emulator/channel";

function pipes() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const channel = new Channel(input, output);
  const questions = () =>
    String(input.read() ?? "")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  return { channel, questions, reply: (document: object) => output.write(`${JSON.stringify(document)}\n`) };
}

it("is ready when the child says so", async () => {
  const { channel, reply } = pipes();
  reply({ ready: { port: 4566, pid: 7 } });
  await expect(channel.ready()).resolves.toEqual({ port: 4566, pid: 7 });
});

it("gives every question its own answer, in whatever order they come", async () => {
  const { channel, questions, reply } = pipes();
  const answers = [channel.ask("resolve", { accessKeyId: "a" }), channel.ask("decide", { accessKeyId: "b" })];
  expect(questions()).toEqual([
    { id: 1, verb: "resolve", accessKeyId: "a" },
    { id: 2, verb: "decide", accessKeyId: "b" },
  ]);
  reply({ id: 2, ok: "second" });
  reply({ id: 1, ok: "first" });
  await expect(Promise.all(answers)).resolves.toEqual(["first", "second"]);
});

it("gives a refusal as AWS words it", async () => {
  const { channel, reply } = pipes();
  const answer = channel.ask("resolve", {});
  reply({
    id: 1,
    error: { code: "UnrecognizedClientException", message: "The security token included in the request is invalid." },
  });
  await expect(answer).rejects.toMatchObject({
    name: "AwsError",
    code: "UnrecognizedClientException",
    message: "The security token included in the request is invalid.",
    status: 403,
  });
});

it("fails what waits, and what is asked later, with why it was closed", async () => {
  const { channel } = pipes();
  const waiting = channel.ask("decide", {});
  channel.close(new Error("ended with exit code 1"));
  channel.close(new Error("later"));
  await expect(channel.ready()).rejects.toThrow("ended with exit code 1");
  await expect(waiting).rejects.toThrow("ended with exit code 1");
  await expect(channel.ask("decide", {})).rejects.toThrow("ended with exit code 1");
});
