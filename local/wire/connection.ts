import { randomInt } from "node:crypto";
import type { Socket } from "node:net";
import { AwsError, type SqlConnection, type SqlResult, type SqlTarget } from "../gateway/types";
import { Session, SqlError, split, tokenize } from "../warehouse";
import {
  askPassword,
  CANCEL_REQUEST,
  complete,
  dataRow,
  emptyQuery,
  GSS_REQUEST,
  keyData,
  letIn,
  MessageReader,
  PROTOCOL_3,
  pairs,
  parameterStatus,
  ready,
  refusal,
  rowDescription,
  SSL_REQUEST,
  textOf,
} from "./messages";

/** What all connections of a listener have in common. */
export interface Listener {
  connect(to: SqlTarget): Promise<SqlConnection>;
  /** Sessions that a CancelRequest may name. */
  readonly cancels: Map<string, () => void>;
}

/** Where a client that names no other port thinks a warehouse is. */
const REDSHIFT_PORT = 5439;
const PLACE = /(?:^|\s)host=([^\s:]+)(?::(\d{1,5}))?(?:\s|$)/;

/** The client is told, and the connection ends. */
class Fatal extends Error {
  constructor(
    readonly sqlState: string,
    message: string,
  ) {
    super(message);
  }
}

/** Serves one client until it leaves: startup, password, then simple queries one after the other. */
export async function serve(socket: Socket, listener: Listener): Promise<void> {
  const messages = new Messages(socket);
  let session: Session | undefined;
  let cancelKey: string | undefined;
  // Whoever leaves takes the statement under way along.
  socket.once("close", () => void session?.close());
  try {
    const started = await startup(socket, messages, listener);
    if (!started) return;
    socket.write(askPassword());
    const answer = await messages.next();
    if (!answer) return;
    if (answer.type !== "p") throw new Fatal("08P01", `expected a password, got message "${answer.type}"`);
    session = await login(listener, started, textOf(answer.body));
    if (socket.destroyed) return;
    const secret = randomInt(2 ** 31);
    cancelKey = `${session.id} ${secret}`;
    listener.cancels.set(cancelKey, () => session?.cancel());
    socket.write(
      Buffer.concat([
        letIn(),
        parameterStatus("server_version", "8.0.2"),
        parameterStatus("server_encoding", "UTF8"),
        parameterStatus("client_encoding", "UTF8"),
        parameterStatus("standard_conforming_strings", "on"),
        parameterStatus("DateStyle", "ISO, MDY"),
        parameterStatus("TimeZone", "UTC"),
        keyData(session.id, secret),
        ready("I"),
      ]),
    );
    await queries(socket, messages, session);
  } catch (error) {
    const fatal = error instanceof Fatal ? error : new Fatal("08P01", String((error as Error).message ?? error));
    if (!socket.destroyed) socket.write(refusal("FATAL", fatal.sqlState, fatal.message));
  } finally {
    if (cancelKey !== undefined) listener.cancels.delete(cancelKey);
    await session?.close();
    socket.end();
  }
}

/** What the client says of itself first; undefined when it asked for a cancel, or left. */
async function startup(
  socket: Socket,
  messages: Messages,
  { cancels }: Listener,
): Promise<ReadonlyMap<string, string> | undefined> {
  for (;;) {
    const first = await messages.next();
    if (!first) return undefined;
    if (first.body.length < 4) throw new Fatal("08P01", "invalid length of startup packet");
    const code = first.body.readInt32BE(0);
    if (code === SSL_REQUEST || code === GSS_REQUEST) {
      // No certificate here: a client that insists on one leaves.
      messages.restart();
      socket.write("N");
      continue;
    }
    if (code === CANCEL_REQUEST) {
      if (first.body.length >= 12) cancels.get(`${first.body.readInt32BE(4)} ${first.body.readInt32BE(8)}`)?.();
      return undefined;
    }
    if (code !== PROTOCOL_3)
      throw new Fatal("0A000", `unsupported frontend protocol ${code >> 16}.${code & 0xffff}: server supports 3.0`);
    return pairs(first.body.subarray(4));
  }
}

async function login(listener: Listener, said: ReadonlyMap<string, string>, password: string): Promise<Session> {
  const user = said.get("user") ?? "";
  const place = PLACE.exec(said.get("options") ?? "");
  if (!place)
    throw new Fatal(
      "08004",
      'say which warehouse by its endpoint: PGOPTIONS="host=HOST:PORT", as the stack\'s endpoint is',
    );
  const target = {
    host: place[1]!,
    port: Number(place[2] ?? REDSHIFT_PORT),
    database: said.get("database") ?? user,
    user,
    password,
    within: true,
  };
  try {
    const session = await listener.connect(target);
    if (session instanceof Session) return session;
    throw new Fatal("08004", `what listens at ${target.host}:${target.port} is no warehouse`);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const denied = error.code === "AuthenticationError";
    throw new Fatal(denied ? "28000" : "08001", error.message.replace(/^FATAL: /, ""));
  }
}

async function queries(socket: Socket, messages: Messages, session: Session): Promise<void> {
  for (;;) {
    const message = await messages.next();
    if (!message || message.type === "X") return;
    if (message.type !== "Q") {
      throw new Fatal(
        "0A000",
        `message "${message.type}" of the extended protocol is not carried by the local warehouse: send statements without parameters`,
      );
    }
    const answer = await run(textOf(message.body), session);
    socket.write(Buffer.concat([...answer, ready(session.state)]));
  }
}

/** Results of the statements of one query, up to the first that fails. */
async function run(sql: string, session: Session): Promise<readonly Buffer[]> {
  const answer: Buffer[] = [];
  try {
    const statements = split(tokenize(sql));
    if (statements.length === 0) answer.push(emptyQuery());
    for (const tokens of statements) {
      const statement = tokens.map(({ text }) => text).join("");
      answer.push(...resultOf(statement, await session.run(statement)));
    }
  } catch (error) {
    const { message, sqlState = "XX000" } = error as Error & { readonly sqlState?: string };
    answer.push(refusal("ERROR", error instanceof SqlError ? sqlState : "XX000", message));
  }
  return answer;
}

function resultOf(statement: string, { columns, rows, rowCount }: SqlResult): readonly Buffer[] {
  const verb = (/^\s*(\w+)/.exec(statement)?.[1] ?? "").toUpperCase();
  if (columns.length > 0) {
    const lines = rows.map((row) => dataRow(row.map(written)));
    return [rowDescription(columns), ...lines, complete(`SELECT ${rows.length}`)];
  }
  if (verb === "INSERT") return [complete(`INSERT 0 ${rowCount}`)];
  return [complete(["UPDATE", "DELETE"].includes(verb) ? `${verb} ${rowCount}` : verb)];
}

function written(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean") return value ? "t" : "f";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The client's messages, in order, as somebody asks for them. */
class Messages {
  private readonly reader = new MessageReader();
  private problem: Error | undefined;
  private ended = false;
  private wake: () => void = () => undefined;

  constructor(socket: Socket) {
    socket.on("data", (bytes: Buffer) => {
      this.reader.add(bytes);
      this.wake();
    });
    const end = () => {
      this.ended = true;
      this.wake();
    };
    socket.on("end", end);
    socket.on("close", end);
    socket.on("error", (error) => {
      this.problem = error;
      end();
    });
  }

  restart(): void {
    this.reader.restart();
  }

  /** Undefined once the client has left. */
  async next(): Promise<{ readonly type: string; readonly body: Buffer } | undefined> {
    for (;;) {
      const message = this.reader.next();
      if (message || this.ended || this.problem) return message;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
