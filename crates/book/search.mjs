// Asks rustdoc's own search, as a browser would: node search.mjs DOC < ["name", …] > {"name": [{"href": "../crate/…"}], …}
//
// Of rustdoc's files this relies on `initSearch` and `Stringdex` being exported where there is no browser, which rustdoc's own
// tests rely on too.

import fs from "node:fs";
import path from "node:path";
import vm from "node:vm";

const doc = path.resolve(process.argv[2]);
const run = (file) => vm.runInThisContext(fs.readFileSync(file, "utf8"), { filename: file });

// In a page, another script has these.
globalThis.nonnull = (value) => value;
globalThis.nonundef = (value) => value;

const library = (prefix) => {
    const folder = path.join(doc, "static.files");
    const name = fs.readdirSync(folder).find((name) => name.startsWith(prefix) && name.endsWith(".js"));
    const file = path.join(folder, name);
    const module = { exports: {} };
    const text = `(function (module, exports) {${fs.readFileSync(file, "utf8")}\n})`;
    vm.runInThisContext(text, { filename: file })(module, module.exports);
    return module.exports;
};

const { Stringdex, RoaringBitmap } = library("stringdex-");
const { docSearch, DocSearch } = await library("search-").initSearch(Stringdex, RoaringBitmap, {
    loadRoot: (callbacks) => {
        Object.assign(globalThis, callbacks);
        run(path.join(doc, "search.index", "root.js"));
    },
    loadTreeByHash: (hash) => run(path.join(doc, "search.index", `${hash}.js`)),
    loadDataByNameAndHash: (name, hash) => run(path.join(doc, "search.index", name, `${hash}.js`)),
});

const answers = {};
for (const name of JSON.parse(fs.readFileSync(0, "utf8"))) {
    const found = await docSearch.execQuery(DocSearch.parseQuery(name), null, null);
    answers[name] = [];
    for await (const { href } of found.others) {
        answers[name].push({ href });
    }
}
console.log(JSON.stringify(answers));
