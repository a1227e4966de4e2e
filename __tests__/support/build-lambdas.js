/** jest's global set-up: the constructs take the bundled handlers from .build, so they must be there and current. */
const { bundleLambdas } = require("../../tools/bundle");

module.exports = () => bundleLambdas();
