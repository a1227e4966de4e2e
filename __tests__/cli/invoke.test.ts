import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { invoke } from "../../cli/invoke";

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** A Lambda that answers an invocation with `answer` or throws it, and has `names`. */
function lambda(answer: object | Error, names: readonly string[] = []): LambdaClient {
  const client = new LambdaClient({ region: "us-east-1" });
  client.send = (async (command: object) => {
    if (command instanceof ListFunctionsCommand) return { Functions: names.map((FunctionName) => ({ FunctionName })) };
    if (answer instanceof Error) throw answer;
    return answer;
  }) as never;
  return client;
}

const failure = (of: LambdaClient, log: string[] = []) =>
  invoke(of, "orders-producer", "{}", { log: (text) => log.push(text) }).then(
    () => "no failure",
    (error: Error) => error.message,
  );

describe("a function that is invoked", () => {
  it("gives its answer, and the end of its log", async () => {
    const log: string[] = [];
    const answer = { Payload: json({ acknowledged: 5 }), LogResult: Buffer.from("sent\n").toString("base64") };
    expect(await invoke(lambda(answer), "orders-producer", "{}", { log: (text) => log.push(text) })).toEqual({
      acknowledged: 5,
    });
    expect(log).toEqual(["sent"]);
  });

  it("gives null when it answers nothing", async () => {
    expect(await invoke(lambda({}), "orders-producer", "{}")).toBeNull();
  });

  it("is the version behind an alias where one is named", async () => {
    const client = lambda({});
    const send = jest.spyOn(client, "send");
    await invoke(client, "orders-producer", "{}", { alias: "live" });
    expect(send.mock.calls.map(([{ input }]) => input)).toMatchObject([
      { FunctionName: "orders-producer", Qualifier: "live" },
    ]);
  });

  it("says in its own words why it threw, after its log", async () => {
    const log: string[] = [];
    const thrown = {
      FunctionError: "Unhandled",
      Payload: json({ errorType: "Error", errorMessage: "the brokers have no topic orders" }),
      LogResult: Buffer.from("looking").toString("base64"),
    };
    expect(await failure(lambda(thrown), log)).toBe("orders-producer failed: the brokers have no topic orders");
    expect(log).toEqual(["looking"]);
  });

  it("says that it took too long", async () => {
    const late = {
      FunctionError: "Unhandled",
      Payload: json({ errorMessage: "1f Task timed out after 75.00 seconds" }),
    };
    expect(await failure(lambda(late))).toBe("orders-producer failed: 1f Task timed out after 75.00 seconds");
  });

  it("names the functions that there are when there is none of its name", async () => {
    const none = Object.assign(new Error("Function not found"), { name: "ResourceNotFoundException" });
    expect(await failure(lambda(none, ["b", "a"]))).toBe("there is no function orders-producer; there are a, b");
    expect(await failure(lambda(none))).toBe("there is no function orders-producer; there are none");
    const many = Array.from({ length: 22 }, (_, n) => `f${String(n).padStart(2, "0")}`);
    expect(await failure(lambda(none, many))).toMatch(/ there are f00, .*, f19 and 2 more$/);
  });
});
