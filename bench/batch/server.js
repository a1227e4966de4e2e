/** An API that takes everything: reads the body, answers 200. In a process of its own, so that only the emitter is measured. */
const { createServer } = require("node:http");

const server = createServer((request, response) => {
  request.resume().on("end", () => response.setHeader("content-type", "application/json").end("{}"));
});
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
process.on("disconnect", () => process.exit());
