// Adds to package-lock.json the optional packages of other platforms that the registry at hand does not have, so that `npm ci` accepts the lock.
const fs = require("node:fs");
const file = process.argv[2];
const lock = JSON.parse(fs.readFileSync(file, "utf8"));
const OS = ["android", "darwin", "freebsd", "linux", "openharmony", "win32", "aix", "netbsd", "openbsd", "sunos"];
const CPU = {
  arm64: "arm64",
  x64: "x64",
  ia32: "ia32",
  arm: "arm",
  ppc64: "ppc64",
  s390x: "s390x",
  riscv64: "riscv64",
  loong64: "loong64",
  loongarch64: "loong64",
};
let added = 0;
for (const [where, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const places = [`node_modules/${name}`, `${where}/node_modules/${name}`];
    if (places.some((place) => lock.packages[place])) continue;
    if (!/^\d+\.\d+\.\d+/.test(version)) {
      console.log("range, skipped", where, name, version);
      continue;
    }
    const words = name.split(/[-/]/);
    const os = words.filter((w) => OS.includes(w));
    const cpu = words.map((w) => (w.startsWith("arm") && w !== "arm64" ? "arm" : CPU[w])).filter(Boolean);
    if (!os.length || !cpu.length) {
      console.log("no platform in", name);
      continue;
    }
    const libc = words.some((w) => w.startsWith("musl"))
      ? ["musl"]
      : os[0] === "linux" && words.some((w) => w.startsWith("gnu"))
        ? ["glibc"]
        : undefined;
    lock.packages[places[0]] = {
      version,
      cpu,
      ...(parent.dev ? { dev: true } : {}),
      ...(libc ? { libc } : {}),
      optional: true,
      os,
      ...(parent.engines?.node ? {} : {}),
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log("added", added);
