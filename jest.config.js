/** Unit tests by default; the slow ones, which run Terraform and the local AWS, live in __tests__/end-to-end and are asked for by `--selectProjects`. */
// As cli/redstream.js does: the SDK is pinned, its note on coming releases says nothing about a test.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const common = {
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
  // Node's, with a folder for temporary files that goes with the test file, and with it whatever still runs there.
  testEnvironment: "<rootDir>/__tests__/support/environment.ts",
  // An ES module, bundled by the global set-up.
  moduleNameMapper: { "^@platformatic/kafka$": "<rootDir>/.build/test/kafka-client.js" },
  // Not among the temporary files, which `npm test` clears.
  cacheDirectory: "<rootDir>/.build/jest",
  rootDir: __dirname,
};

module.exports = {
  // The long tests mostly wait, inside Terraform's provider: two at once on two cores cost little more than one.
  maxWorkers: 2,
  // Ends what hangs. No test rests on being fast.
  testTimeout: 60_000,
  projects: [
    {
      ...common,
      displayName: "unit",
      globalSetup: "<rootDir>/__tests__/support/build-lambdas.js",
      testMatch: ["<rootDir>/__tests__/**/*.test.ts"],
      testPathIgnorePatterns: ["<rootDir>/__tests__/end-to-end/"],
    },
    {
      ...common,
      displayName: "end-to-end",
      globalSetup: "<rootDir>/__tests__/support/build-lambdas.js",
      testMatch: ["<rootDir>/__tests__/end-to-end/**/*.test.ts"],
    },
  ],
};
