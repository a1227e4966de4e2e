/** `npm run bench`: installs what is missing, bundles bench/main.ts and runs it. The whole takes an hour or so; each part is written to bench/README.md when it is done. */
const path = require("node:path");
const { ensureNodeModules } = require("../tools/install");

async function main() {
  process.chdir(path.resolve(__dirname, ".."));
  await ensureNodeModules();
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const { bundleLambdas, bundleProgram } = require("../tools/bundle");
  bundleLambdas();
  require(bundleProgram("bench/main.ts", "bench", { packages: "external" }));
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
