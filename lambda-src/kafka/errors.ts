/** An error of the Kafka client: one of a kind, or several that led to it. */
interface ClientError {
  readonly message?: string;
  readonly code?: string;
  readonly apiId?: string;
  readonly errors?: readonly unknown[];
  readonly cause?: unknown;
}

/** An error and all that led to it. */
export function* causesOf(error: unknown): Generator<ClientError> {
  if (typeof error !== "object" || error === null) return;
  const known = error as ClientError;
  yield known;
  for (const inner of known.errors ?? []) yield* causesOf(inner);
  yield* causesOf(known.cause);
}

/** Kafka's names of what the brokers answered: `MESSAGE_TOO_LARGE` ... */
export function brokerErrors(error: unknown): readonly string[] {
  return [...causesOf(error)].flatMap(({ apiId }) => (apiId === undefined ? [] : [apiId]));
}

/** One line, the innermost cause last: the outer ones only say what was tried. */
export function explain(error: unknown): string {
  const texts = [...causesOf(error)].map(({ apiId, message }) => (apiId ? `${apiId}: ${message}` : (message ?? "")));
  const [first, last] = [texts[0], texts.at(-1)];
  return first === last ? (first ?? String(error)) : `${first} (${last})`;
}
