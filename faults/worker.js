/**
 * One container of a function: loads the deployed code and calls its handler, one event at a time, as told by messages of the process that
 * started it. It is a process of its own so that it can be killed in the middle of anything.
 *
 * Plain JavaScript: it runs beside whatever runs the campaign, a bundle or a test.
 */
const [, , file, name] = process.argv;

process.on("message", async ({ event, remainingMs }) => {
  const until = Date.now() + remainingMs;
  const context = {
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    awsRequestId: `${process.pid}-${Date.now()}`,
    getRemainingTimeInMillis: () => until - Date.now(),
  };
  let answer;
  try {
    // The handler is looked up at the first event, so that an error at import is an error of the call.
    answer = { result: await require(file)[name](event, context) };
  } catch (error) {
    answer = { error: { name: String(error?.name ?? "Error"), message: String(error?.message ?? error) } };
  }
  process.send(answer);
});
// Whoever started it has ended.
process.on("disconnect", () => process.exit(0));
