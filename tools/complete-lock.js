/**
 * `node tools/complete-lock.js`: adds to package-lock.json the optional packages of other platforms that the registry at hand does not
 * have. `npm install` leaves them out, and `npm ci`, here and on those platforms, refuses a lock without them. Run it after every `npm install`.
 */
const { readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const OS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const CPU = ["arm", "arm64", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64"];

const file = path.resolve(__dirname, "..", "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8"));

/** The platform that a package of native code says by its name, such as `@swc/core-linux-arm64-musl`. */
function platformOf(name) {
  const words = name.split(/[-/]/);
  const os = words.filter((word) => OS.includes(word));
  const cpu = words
    .filter((word) => CPU.includes(word) || /^arm(v\d|eabi)/.test(word))
    .map((word) => (CPU.includes(word) ? word : "arm"));
  const libc = words.some((word) => word.startsWith("musl"))
    ? ["musl"]
    : os[0] === "linux" && words.some((word) => word.startsWith("gnu"))
      ? ["glibc"]
      : undefined;
  return os.length > 0 && cpu.length > 0 ? { os, cpu, libc } : undefined;
}

let added = 0;
for (const [where, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const places = [`node_modules/${name}`, `${where}/node_modules/${name}`];
    const platform = platformOf(name);
    // A range names no version to write down, and a package for every platform is there.
    if (places.some((place) => lock.packages[place]) || !/^\d+\.\d+\.\d+/.test(version) || !platform) continue;
    const { os, cpu, libc } = platform;
    lock.packages[places[0]] = {
      version,
      cpu,
      ...(parent.dev ? { dev: true } : {}),
      ...(libc ? { libc } : {}),
      optional: true,
      os,
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} packages added`);
