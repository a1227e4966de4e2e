#!/usr/bin/env node
/** `npx redstream VERB`: installs the packages when they are missing, bundles the command line and hands over to it. */
const path = require("node:path");
const { ensureNodeModules } = require("../tools/install");

async function main() {
  process.chdir(path.resolve(__dirname, ".."));
  await ensureNodeModules();
  // The SDK is pinned: that releases of next year will want a newer Node.js is nothing to say at every start.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const { bundleProgram } = require("../tools/bundle");
  require(bundleProgram("cli/main.ts", "cli", { packages: "external", sourcemap: true }));
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
