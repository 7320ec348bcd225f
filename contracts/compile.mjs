// Compiles every contract below `solidity/` and prints {"<file name>": "<runtime code in hex>", ...}.
//
// Usage: node compile.mjs <folder that holds node_modules>
//
// A file `solidity/**/<Name>.sol` that declares `contract <Name>` is a contract; all others are parts of contracts.
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [modules, verbose] = process.argv.slice(2);
const root = join(dirname(fileURLToPath(import.meta.url)), "solidity");
const solc = createRequire(join(resolve(modules), "package.json"))("solc");

const sources = {};
for (const file of readdirSync(root, { recursive: true }).sort()) {
  if (!file.endsWith(".sol")) continue;
  sources[relative(root, join(root, file)).replaceAll("\\", "/")] = { content: readFileSync(join(root, file), "utf8") };
}

const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources,
      settings: {
        evmVersion: "cancun",
        optimizer: { enabled: true, runs: 1 },
        // Nothing but the code itself: the same text gives the same bytes on every machine.
        metadata: { bytecodeHash: "none", appendCBOR: false },
        debug: { revertStrings: "strip" },
        outputSelection: {
          "*": { "*": ["evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences", "evm.methodIdentifiers"] },
        },
      },
    }),
  ),
);

const problems = (output.errors ?? []).filter(({ severity }) => severity !== "info");
for (const { formattedMessage } of problems) process.stderr.write(formattedMessage);
if (problems.length > 0) process.exit(1);

const compiled = {};
for (const [file, contracts] of Object.entries(output.contracts)) {
  const name = file.slice(file.lastIndexOf("/") + 1, -".sol".length);
  const contract = contracts[name];
  const code = contract?.evm.deployedBytecode.object;
  if (!code || /^(73|30)0{0,40}/.test(code)) continue; // an abstract contract, an interface or a library
  if (Object.keys(contract.evm.deployedBytecode.immutableReferences ?? {}).length > 0) {
    process.stderr.write(`${file}: has immutables, so its code cannot be set at an address\n`);
    process.exit(1);
  }
  if (verbose) process.stderr.write(`${name} ${code.length / 2} ${JSON.stringify(contract.evm.methodIdentifiers, null, 1)}\n`);
  compiled[name] = code;
}
process.stdout.write(JSON.stringify(compiled));
