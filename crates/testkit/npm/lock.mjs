// Writes package-lock.json anew: `node lock.mjs` in this folder, after changing a version in package.json.
//
// The lock file is not what `npm install` alone would write:
// - of some packages only the files are wanted. They enter without dependencies, some of which are repository links that
//   no registry serves;
// - the bundler's telemetry (two thirds of all files, and a third of its start-up) is left out;
// - an optional package for another platform that the registry in use does not serve would make `npm ci` refuse the
//   whole file, and is left out.
// Versions and integrity are always those of the registry.
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FILES_ONLY = ["@rhinestone/modulekit", "ep06", "ep07", "ep08"];
const TELEMETRY = /^@sentry\/|^@opentelemetry\/(?!api$)|opentelemetry-instrumentation|^import-in-the-middle$/;
const TYPES = /^@types\//;
const BUNDLER = "node_modules/@pimlico/alto";

const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const write = (file, value) => writeFileSync(file, JSON.stringify(value, null, 2) + "\n");
const sorted = (object) => Object.fromEntries(Object.keys(object).sort().map((key) => [key, object[key]]));
const npm = (folder, ...args) =>
  execFileSync("npm", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

// Where `name` is found from the package at `path`, by the rules of Node.
function resolve(packages, path, name) {
  for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf("node_modules/") - 1))) {
    const candidate = `${base ? base + "/" : ""}node_modules/${name}`;
    if (candidate in packages) return candidate;
    if (!base) return undefined;
  }
}

function reachable(packages) {
  const seen = new Set([""]);
  for (const path of seen) {
    const entry = packages[path];
    if (entry.link) seen.add(entry.resolved);
    const names = { ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies };
    for (const name of Object.keys(names)) {
      const found = resolve(packages, path, name);
      if (found) seen.add(found);
    }
  }
  return seen;
}

const wanted = read("package.json");
const folder = mkdtempSync(join(tmpdir(), "lock-"));
try {
  const dependencies = { ...wanted.dependencies };
  for (const name of FILES_ONLY) delete dependencies[name];
  write(join(folder, "package.json"), { ...wanted, dependencies });
  cpSync("no-telemetry", join(folder, "no-telemetry"), { recursive: true });
  npm(folder, "install", "--package-lock-only", "--ignore-scripts", "--omit-lockfile-registry-resolved");

  const lock = read(join(folder, "package-lock.json"));
  const { packages } = lock;
  packages[""].dependencies = sorted(wanted.dependencies);
  for (const alias of FILES_ONLY) {
    const spec = wanted.dependencies[alias].replace(/^npm:/, "");
    const name = spec.includes("@", 1) ? spec.slice(0, spec.lastIndexOf("@")) : alias;
    const version = spec.slice(spec.lastIndexOf("@") + 1);
    const { integrity } = JSON.parse(npm(folder, "view", `${name}@${version}`, "dist", "--json"));
    packages[`node_modules/${alias}`] = { ...(name !== alias && { name }), version, integrity };
  }
  for (const name of Object.keys(packages[BUNDLER].dependencies)) {
    if (TELEMETRY.test(name) || TYPES.test(name)) delete packages[BUNDLER].dependencies[name];
  }
  for (const [path, entry] of Object.entries(packages)) {
    delete entry.funding;
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      if (!resolve(packages, path, name)) delete entry.optionalDependencies[name];
    }
    if (entry.optionalDependencies && !Object.keys(entry.optionalDependencies).length) delete entry.optionalDependencies;
  }
  const kept = reachable(packages);
  for (const path of Object.keys(packages)) if (!kept.has(path)) delete packages[path];
  lock.packages = sorted(packages);
  write(join(folder, "package-lock.json"), lock);
  copyFileSync(join(folder, "package-lock.json"), "package-lock.json");
} finally {
  rmSync(folder, { recursive: true });
}
