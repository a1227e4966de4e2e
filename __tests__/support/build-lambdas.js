const { bundleLambdas, bundleProgram, INTO_ONE_FILE } = require("../../tools/bundle");

/**
 * jest's global set-up: the constructs take the bundled handlers from .build, so they must be there and current. The Kafka client is an ES module, which jest
 * does not load on this Node.js: it is given as a bundle (`moduleNameMapper` in jest.config.js).
 */
module.exports = () => {
  bundleLambdas();
  bundleProgram(require.resolve("@platformatic/kafka"), "test/kafka-client", INTO_ONE_FILE);
};
