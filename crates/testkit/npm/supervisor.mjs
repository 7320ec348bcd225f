// Starts programs for the process at the other end of standard input, and kills them all when that end closes: however
// that process ends, its end closes. It must be started as the leader of a process group of its own.
//
// One JSON object a line: in  {"start": name, "command": [program, ...arguments], "log": file, "end": signal, "remove": folder}
//                             {"tell": name, "line": text}
//                         out {"exited": name, "status": text}
import { spawn } from "node:child_process";
import { openSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";

const children = new Map();
const folders = [];
const tell = (event) => process.stdout.write(JSON.stringify(event) + "\n");

// The children first, so that none is left for the system to bury; then the group, with what they may have started.
function end() {
  const last = () => {
    for (const folder of folders) {
      try {
        rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
      } catch {
        // Something still writes there, and is killed next.
      }
    }
    process.kill(-process.pid, "SIGKILL");
  };
  let alive = 0;
  for (const child of children.values()) {
    if (child.exitCode !== null || child.signalCode !== null || !child.pid) continue;
    alive += 1;
    child.on("exit", () => --alive || last());
    child.kill(child.end);
  }
  if (!alive) last();
  setTimeout(last, 1000);
}

process.stdout.on("error", end);
process.stdin.on("error", end);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);

// Settings of the user's own nodes and bundlers are not for these.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ALTO|ANVIL|FOUNDRY|SENTRY)_/.test(name)));

function start({ start: name, command: [program, ...args], log, end = "SIGKILL", remove }) {
  const file = openSync(log, "a");
  // The children's standard input closes with this process, for those that watch it.
  const child = spawn(program, args, { stdio: ["pipe", file, file], env });
  child.stdin.on("error", () => {});
  child.on("error", (error) => tell({ exited: name, status: error.message }));
  child.on("exit", (code, signal) => tell({ exited: name, status: signal ? `signal ${signal}` : `status ${code}` }));
  child.end = end;
  children.set(name, child);
  if (remove) folders.push(remove);
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const message = JSON.parse(line);
    if (message.start) start(message);
    else children.get(message.tell)?.stdin.write(message.line + "\n");
  })
  .on("close", end);
