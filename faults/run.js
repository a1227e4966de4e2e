/** `npm run faults`: installs what is missing, bundles handlers and faults/main.ts, and runs it. */
const path = require("node:path");
const { ensureNodeModules } = require("../tools/install");

async function main() {
  process.chdir(path.resolve(__dirname, ".."));
  await ensureNodeModules();
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const { bundleLambdas, bundleProgram } = require("../tools/bundle");
  bundleLambdas();
  require(bundleProgram("faults/main.ts", "faults", { packages: "external" }));
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
