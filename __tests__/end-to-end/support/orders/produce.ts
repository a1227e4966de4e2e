/** A process that runs the producer's handler, as it is deployed, with the given event: node produce.js HANDLER EVENT. It may be killed while it does. */
void (async () => {
  const [, , file, event] = process.argv;
  const end = Date.now() + 120_000;
  const { handler } = require(file!) as { handler(event: unknown, context: unknown): Promise<unknown> };
  process.stdout.write("producing\n");
  const result = await handler(JSON.parse(event!), { getRemainingTimeInMillis: () => end - Date.now() });
  process.stdout.write(`${JSON.stringify(result)}\n`);
})();
