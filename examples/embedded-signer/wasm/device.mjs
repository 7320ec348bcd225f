// The signing device in Node: standard input and output are the byte stream, two named pipes are screen and button.
//   node device.mjs module.wasm pipe
import { openSync, readFileSync, readSync, writeSync } from "node:fs";

const [module, screen] = process.argv.slice(2);
const [toScreen, fromButton] = [openSync(`${screen}.out`, "r+"), openSync(`${screen}.in`, "r+")];
const byte = Buffer.alloc(1);

const read = (file) => {
  for (;;) {
    try {
      return readSync(file, byte, 0, 1, null) === 0 ? -1 : byte[0];
    } catch (error) {
      if (error.code === "EOF") return -1;
      if (error.code !== "EAGAIN") throw error;
    }
  }
};
const write = (file, start, length) => {
  const bytes = new Uint8Array(instance.exports.memory.buffer, start, length);
  for (let done = 0; done < length; ) done += writeSync(file, bytes, done);
};

const imports = {
  device: {
    receive: () => read(0),
    send: (start, length) => write(1, start, length),
    show: (start, length) => write(toScreen, start, length),
    agrees: () => (read(fromButton) === "y".charCodeAt(0) ? 1 : 0),
  },
};
const { instance } = await WebAssembly.instantiate(readFileSync(module), imports);
instance.exports.run();
