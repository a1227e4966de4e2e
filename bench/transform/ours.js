/** As blueprint.py, with the bundled handler that is deployed: EVENT answer | EVENT SECONDS | EVENT import. */
const { readFileSync } = require("node:fs");
const path = require("node:path");

const [, , eventFile, what] = process.argv;
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function main() {
  const before = cpu();
  const { handler } = require(path.resolve(".build/lambda/transform-telemetry/index.js"));
  if (what === "import") return console.log((cpu() - before) * 1000);
  console.warn = () => undefined;
  const event = JSON.parse(readFileSync(eventFile, "utf8"));
  if (what === "answer") return console.log(JSON.stringify(await handler(event)));
  for (let i = 0; i < 60; i++) await handler(event);
  let records = 0;
  const started = cpu();
  while (cpu() - started < Number(what)) {
    await handler(event);
    records += event.records.length;
  }
  console.log(records / (cpu() - started));
}

main();
