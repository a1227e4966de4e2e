/**
 * esbuild as this project uses it: one file a program in `.build/`, no type checking (that is `npm run check`).
 * Packages stay outside the CLI's bundle (native parts); handlers and the synth program take everything in.
 */
const { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const ROOT = path.resolve(__dirname, "..");
const BUILD = path.join(ROOT, ".build");

const common = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  legalComments: "none",
  logLevel: "warning",
};

/**
 * What @platformatic/kafka would read from files beside it comes into the bundle: its WebAssembly, by the variant that holds it as text, and the place
 * that it looks for an optional native package from.
 */
const INTO_ONE_FILE = {
  alias: { "@platformatic/wasm-utils": "@platformatic/wasm-utils/bundled" },
  define: { "import.meta.url": "__filename" },
};

/** Builds in memory and puts each file in place in one step: another run of the same program may be reading it. */
function build(options) {
  const { outputFiles } = require("esbuild").buildSync({ ...common, ...options, write: false });
  for (const { path: file, contents } of outputFiles) {
    mkdirSync(path.dirname(file), { recursive: true });
    const aside = `${file}.${process.pid}`;
    writeFileSync(aside, contents);
    renameSync(aside, file);
  }
}

/** Bundles one program of this project to `.build/NAME.js` and answers that path. */
function bundleProgram(entry, name, options = {}) {
  const outfile = path.join(BUILD, `${name}.js`);
  build({ entryPoints: [entry], outfile, ...options });
  return outfile;
}

/** Bundles a program that synthesizes stacks. Names are kept as they are: CDKTF says those of classes in its messages. */
function bundleSynth(entry, name) {
  return bundleProgram(entry, name, { minifySyntax: true, minifyWhitespace: true, lineLimit: 200 });
}

/**
 * Bundles every `lambda-src/NAME/index.ts` to `.build/lambda/NAME/index.js`. Nothing of the machine enters the
 * bundle (paths are relative, comments are dropped), so the same source gives the same bytes everywhere.
 */
function bundleLambdas() {
  const source = path.join(ROOT, "lambda-src");
  const names = readdirSync(source).filter((name) => existsSync(path.join(source, name, "index.ts")));
  build({
    entryPoints: names.map((name) => ({ in: `lambda-src/${name}/index.ts`, out: `${name}/index` })),
    outdir: path.join(BUILD, "lambda"),
    minify: true,
    ...INTO_ONE_FILE,
    // The Lambda runtime ships the AWS SDK, but not at a version of our choosing: it is bundled.
    mainFields: ["module", "main"],
  });
}

module.exports = { ROOT, BUILD, INTO_ONE_FILE, bundleProgram, bundleSynth, bundleLambdas };
