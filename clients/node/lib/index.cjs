// CommonJS: the classes come with the first await, since the package itself is an ES module.
"use strict";
const loaded = import("./index.js");
exports.serve = async (options) => (await loaded).serve(options);
exports.connect = async (url, options) => (await loaded).Bench.connect(url, options);
exports.load = () => loaded;
