// Runs the bundler: loads its code at once, starts it when its arguments arrive as a JSON list on standard input, and
// ends when standard input closes. Loading takes longer than bringing up the chain that the bundler needs to find.
import { Server } from "node:net";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const folder = resolve(import.meta.dirname, "node_modules/@pimlico/alto/esm/cli");
const load = (file) => import(pathToFileURL(resolve(folder, file)).href);

// The bundler listens on all interfaces, and has no option for it.
const { listen } = Server.prototype;
Server.prototype.listen = function (options, ...rest) {
  this.once("listening", () => console.log(`Listening on 127.0.0.1:${this.address().port}`));
  return listen.call(this, { ...options, host: "127.0.0.1" }, ...rest);
};

const lines = createInterface({ input: process.stdin });
const first = new Promise((received) => lines.once("line", received));
lines.on("close", () => process.kill(process.pid, "SIGKILL"));

// All but the entry script, which starts at once when loaded.
await Promise.all([load("setupServer.js"), load("deploySimulationsContract.js"), import("viem/chains"), import("yargs")]);
process.argv = [process.argv[0], resolve(folder, "alto.js"), ...JSON.parse(await first)];
await load("alto.js");
