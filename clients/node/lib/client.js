// The control API: worlds, clock, actions, faults, journal, expectations, scenarios.
"use strict";
const { readFile, writeFile } = require("node:fs/promises");
const http = require("node:http");
const https = require("node:https");
const { ExpectationFailed, StendError } = require("./errors.js");

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A span as the API reads it: text stays, numbers are seconds. */
function span(value) {
  if (typeof value === "string") return value;
  const milliseconds = Math.round(value * 1000);
  return milliseconds % 1000 ? `${milliseconds}ms` : `${milliseconds / 1000}s`;
}

const moment = (value) => (value instanceof Date ? value.toISOString() : value);
const isPath = (value) =>
  value instanceof URL || (typeof value === "string" && !value.includes("\n") && /\.(ya?ml|json)$/i.test(value));

const ROOT = ["/", "/metrics", "/ca.pem"];

class Http {
  constructor(base, token) {
    let url;
    try {
      url = new URL(base);
    } catch {
      url = { protocol: "" };
    }
    if (!["http:", "https:"].includes(url.protocol)) {
      throw new TypeError(`invalid control URL ${JSON.stringify(base)}; expected e.g. http://127.0.0.1:7700`);
    }
    this.base = base.replace(/\/+$/, "");
    this.token = token;
    this.module = url.protocol === "https:" ? https : http;
    // Connections are kept; sockets that wait do not keep the process alive.
    this.agent = new this.module.Agent({ keepAlive: true });
    this.agent.on("free", (socket) => socket.unref());
  }

  /** The URL of a path under `/control/v1`, or of one of the few at the root. */
  target(path, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const search = given.length ? `?${new URLSearchParams(given)}` : "";
    return `${this.base}${ROOT.includes(path) ? "" : "/control/v1"}${path}${search}`;
  }

  async text(method, path, body, { query, accept, world, encoding = "utf8" } = {}) {
    const headers = {};
    if (accept) headers.accept = accept;
    // Says which world is about to be made to a proxy that spreads worlds over several benches and reads no bodies.
    // What no header can hold is no name of a world either, and is the bench's to refuse.
    if (world && /^[\x20-\x7e]+$/.test(world)) headers["stend-world"] = world;
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    let data;
    if (body !== undefined) {
      data = typeof body === "string" ? body : JSON.stringify(body);
      if (typeof body !== "string") headers["content-type"] = "application/json";
      headers["content-length"] = Buffer.byteLength(data);
    }
    const once = () =>
      new Promise((resolve, reject) => {
        const request = this.module.request(
          this.target(path, query),
          { method, headers, agent: this.agent },
          (response) => {
            response.setEncoding(encoding);
            let text = "";
            response.on("data", (part) => (text += part));
            response.on("end", () => resolve({ status: response.statusCode, text }));
            response.on("error", reject);
          },
        );
        request.on("socket", (socket) => socket.ref());
        request.on("error", (error) => reject(Object.assign(error, { kept: request.reusedSocket })));
        request.end(data);
      });
    try {
      return await once();
    } catch (error) {
      // The server closed a connection that was kept; on a fresh one that is an error.
      if (error.kept && ["ECONNRESET", "EPIPE"].includes(error.code)) return once();
      throw error;
    }
  }

  /** What happens, as it happens: the events of a stream (Server-Sent Events), until it ends or nobody asks for more. */
  async *events(path, query) {
    const headers = { accept: "text/event-stream" };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const request = this.module.request(this.target(path, query), { headers });
    try {
      const response = await new Promise((resolve, reject) => request.on("response", resolve).on("error", reject).end());
      response.setEncoding("utf8");
      if (response.statusCode !== 200) {
        let text = "";
        for await (const part of response) text += part;
        throw new StendError(response.statusCode, JSON.parse(text).error ?? {});
      }
      let [rest, event] = ["", {}];
      for await (const part of response) {
        const lines = (rest + part).split("\n");
        rest = lines.pop();
        for (const line of lines) {
          const [, name, value] = /^(\w+): ?(.*?)\r?$/.exec(line) ?? [];
          if (name) event[name] = value;
          else if (line.trim() === "" && event.data !== undefined) {
            yield { id: event.id, event: event.event ?? "message", data: JSON.parse(event.data) };
            event = {};
          }
        }
      }
    } finally {
      request.destroy();
    }
  }

  /** The text of an answer that is no JSON. */
  async plain(method, path, options) {
    const { status, text } = await this.text(method, path, undefined, options);
    if (status < 400) return text;
    const known = /^\{/.test(text) ? JSON.parse(text).error : undefined;
    throw new StendError(status, known ?? { message: text });
  }

  async json(method, path, body, options) {
    const { status, text } = await this.text(method, path, body, options);
    let value;
    try {
      value = text ? JSON.parse(text) : undefined;
    } catch {
      throw new StendError(status, { message: `the answer is no JSON: ${JSON.stringify(text.slice(0, 200))}` });
    }
    if (status >= 400) {
      const error = value?.error ?? {};
      throw error.code === "not_as_expected" ? new ExpectationFailed(error) : new StendError(status, error);
    }
    return value;
  }
}

class Clock {
  #world;
  constructor(world) {
    this.#world = world;
  }
  get({ due } = {}) {
    return this.#world.json("GET", "/clock", undefined, { query: { due } });
  }
  async now() {
    return new Date((await this.get()).now);
  }
  freeze(at) {
    return this.#world.json("PUT", "/clock", { mode: "frozen", now: moment(at) });
  }
  run(scale) {
    return this.#world.json("PUT", "/clock", scale === undefined ? { mode: "real" } : { mode: "scaled", scale });
  }
  advance(by) {
    return this.#world.json("POST", "/clock/advance", { by: span(by) });
  }
  advanceTo(to) {
    return this.#world.json("POST", "/clock/advance", { to: moment(to) });
  }
}

class Faults {
  #world;
  constructor(world) {
    this.#world = world;
  }
  async add(match, effect) {
    return (await this.#world.json("POST", "/faults", { match, ...effect })).id;
  }
  list() {
    return this.#world.json("GET", "/faults");
  }
  /** Switches a fault off, or on again. */
  async switch(id, on) {
    await this.#world.json("PUT", `/faults/${encodeURIComponent(id)}`, { off: !on });
  }
  remove(id) {
    return this.#world.json("DELETE", `/faults/${encodeURIComponent(id)}`);
  }
  clear() {
    return this.#world.json("DELETE", "/faults");
  }
}

/** One isolated world of a bench. */
class World {
  constructor(bench, described) {
    this.bench = bench;
    this.id = described.id;
    this.seed = described.seed;
    this.urls = described.urls;
    this.clock = new Clock(this);
    this.faults = new Faults(this);
  }
  json(method, path = "", body, options) {
    return this.bench.http.json(method, `/worlds/${encodeURIComponent(this.id)}${path}`, body, options);
  }
  url(service) {
    const url = this.urls[service];
    if (!url) throw new RangeError(`no service ${JSON.stringify(service)}; there are ${Object.keys(this.urls).join(", ")}`);
    return url;
  }
  async act(action, args = {}) {
    return (await this.json("POST", "/actions", { [action]: args })).result;
  }
  describe() {
    return this.json("GET");
  }
  async journal(filter) {
    return (await this.journalPage(filter)).entries;
  }
  /** As `journal`, with the number of the newest entry, from which a later call goes on by `since`. */
  journalPage({ service, since, wait, ...filters } = {}) {
    const from = wait === undefined ? { since: moment(since) } : { since: moment(since) ?? 0, wait: span(wait) };
    return this.json("GET", "/journal", undefined, { query: { service, ...from, ...filters } });
  }
  clearJournal() {
    return this.json("DELETE", "/journal");
  }
  /** Checks an expectation; with `within` (seconds, or a text such as "2s") the bench waits so long for it to hold. */
  async verify(expectation, { within } = {}) {
    await this.json("POST", "/verify", within === undefined ? expectation : { ...expectation, within: span(within) });
  }
  /** What happens here, as it happens: `for await (const event of world.stream()) …`; `since: 0` begins with all that is kept. */
  stream({ since, bodies } = {}) {
    return this.bench.http.events(`/worlds/${encodeURIComponent(this.id)}/stream`, { since, bodies });
  }
  /** What people see: of each service tables of rows, and the actions that fit each row. */
  view({ limit } = {}) {
    return this.json("GET", "/view", undefined, { query: { limit } });
  }
  /** What people see of a service, or of one table of it; `after` is the `next` of the page before. */
  viewService(service, { table, limit, after } = {}) {
    return this.json("GET", `/view/${encodeURIComponent(service)}`, undefined, { query: { table, limit, after } });
  }
  /** A picture that a cell of a view names, PNG. */
  async picture(service, name) {
    const path = `/worlds/${encodeURIComponent(this.id)}/view/${encodeURIComponent(service)}/pictures/${encodeURIComponent(name)}`;
    return Buffer.from(await this.bench.http.plain("GET", path, { encoding: "latin1" }), "latin1");
  }
  /** What has happened here as a scenario. */
  recording() {
    return this.json("GET", "/recording");
  }
  /** What of the services' state differs from how the world began. */
  changes() {
    return this.json("GET", "/changes");
  }
  /** All that has happened since the world began, with the latest scenario. */
  report() {
    return this.json("GET", "/report");
  }
  state() {
    return this.json("GET", "/state");
  }
  async save(path) {
    const accept = String(path).endsWith(".json") ? "application/json" : "application/yaml";
    const { status, text } = await this.bench.http.text("GET", `/worlds/${encodeURIComponent(this.id)}/state`, undefined, { accept });
    if (status !== 200) throw new StendError(status, { message: text });
    await writeFile(path, text);
  }
  async restore(world) {
    await this.json("PUT", "/state", isPath(world) ? await readFile(world, "utf8") : world);
  }
  async reset(service) {
    await this.json("POST", "/reset", service ? { fake: service } : {});
  }
  fork(id) {
    return this.bench.world({ id, forkOf: this.id });
  }
  /** Plays a scenario here and returns its report; rejects with ExpectationFailed if it did not pass. */
  async play(scenario, { speed = "max", timeout = 60, ...options } = {}) {
    await this.startScenario(scenario, { speed, ...options });
    const until = performance.now() + timeout * 1000;
    for (;;) {
      const progress = await this.scenario();
      if (progress.state === "passed") return progress.report;
      if (progress.state !== "playing") {
        const why = progress.why ?? `the scenario did not pass: ${JSON.stringify(progress.report, null, 2)}`;
        throw new ExpectationFailed({ message: why });
      }
      if (performance.now() > until) {
        await this.stopScenario();
        throw new Error(`the scenario did not end within ${timeout} s; it is at ${progress.step}`);
      }
      await sleep(10);
    }
  }
  /** Begins to play a scenario here, `speed` virtual seconds a second or "max"; `scenario()` says how far it is. */
  async startScenario(scenario, { speed = 1, seed, start, report } = {}) {
    const body = isPath(scenario) ? await readFile(scenario, "utf8") : scenario;
    await this.json("POST", "/scenario", body, { query: { speed, seed, start: moment(start), report } });
  }
  scenario({ steps } = {}) {
    return this.json("GET", "/scenario", undefined, { query: { steps } });
  }
  /** Pauses what plays here ("paused"), or goes on at another speed. */
  async setSpeed(speed) {
    await this.json("PUT", "/scenario", { speed });
  }
  async stopScenario() {
    await this.json("DELETE", "/scenario");
  }
  /** Environment variables that point a client at this world. */
  env() {
    const variables = { STEND_CONTROL_URL: this.bench.controlUrl };
    for (const [name, url] of Object.entries(this.urls)) variables[`STEND_${name.toUpperCase()}_URL`] = url;
    const gateway = this.bench.urls.gateway;
    if (gateway) {
      const proxy = new URL(gateway);
      // Some clients drop a user without a password.
      if (this.id !== "default") Object.assign(proxy, { username: this.id, password: "world" });
      for (const name of ["HTTP_PROXY", "HTTPS_PROXY"]) {
        variables[name] = variables[name.toLowerCase()] = proxy.href.replace(/\/$/, "");
      }
      variables.NO_PROXY = variables.no_proxy = "127.0.0.1,localhost,::1";
    }
    return variables;
  }
  async delete() {
    await this.json("DELETE");
  }
  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.delete();
  }
}

/** A running bench, by its control URL. */
class Bench {
  constructor(controlUrl, { token = process.env.STEND_CONTROL_TOKEN } = {}) {
    this.controlUrl = String(controlUrl).replace(/\/+$/, "");
    this.http = new Http(this.controlUrl, token);
    this.urls = {};
  }
  static async connect(controlUrl, options) {
    const bench = new Bench(controlUrl, options);
    bench.urls = (await bench.health()).urls ?? {};
    return bench;
  }
  health() {
    return this.http.json("GET", "/health");
  }
  async world({ id, seed, world, clock, forkOf } = {}) {
    const body = { id, seed, clock: moment(clock), fork_of: forkOf };
    let sent = { ...body, world };
    if (isPath(world)) {
      // The API reads YAML, and JSON is YAML, so the file's text is put in as it is.
      const lines = (await readFile(world, "utf8")).replace(/^\uFEFF/, "").split(/\r?\n/).filter((line) => line.trimEnd() !== "---");
      const head = Object.entries(body).filter(([, value]) => value !== undefined).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
      sent = [...head, "world:", ...lines.map((line) => `  ${line}`), ""].join("\n");
    }
    return new World(this, await this.http.json("POST", "/worlds", sent, { world: id }));
  }
  async get(id = "default") {
    return new World(this, await this.http.json("GET", `/worlds/${encodeURIComponent(id)}`));
  }
  async worlds() {
    return (await this.http.json("GET", "/worlds")).map((described) => new World(this, described));
  }
  actions(service) {
    return this.http.json("GET", "/actions", undefined, { query: { service } });
  }
  operations(service) {
    return this.http.json("GET", "/operations", undefined, { query: { service } });
  }
  specs() {
    return this.http.json("GET", "/spec");
  }
  spec(service, { world } = {}) {
    return this.http.json("GET", `/spec/${encodeURIComponent(service)}`, undefined, { query: { world } });
  }
  /** The list of the control API's operations. */
  index() {
    return this.http.json("GET", "/", undefined, { accept: "application/json" });
  }
  /** The certificate of the bench's authority, PEM. */
  certificate() {
    return this.http.plain("GET", "/ca.pem");
  }
  /** Counts for Prometheus; the bench needs `--metrics`. */
  metrics() {
    return this.http.plain("GET", "/metrics");
  }
  /** The control API as OpenAPI. */
  openapi() {
    return this.http.json("GET", "/openapi.json");
  }
  /** The statements of the vendor's document about a service, and how sure we are of each. */
  claims(service) {
    return this.http.json("GET", `/claims/${encodeURIComponent(service)}`);
  }
  /** The scenarios that the program carries. */
  scenarios() {
    return this.http.json("GET", "/scenarios");
  }
  /** The text of one of them, YAML. */
  scenario(name) {
    return this.http.plain("GET", `/scenarios/${encodeURIComponent(name)}`);
  }
  /** Everything that is wrong with a scenario (`problems`, each with its place), or its plan: a path, text, or the scenario itself. */
  async check(scenario) {
    const text = isPath(scenario) ? await readFile(scenario, "utf8") : scenario;
    return this.http.json("POST", "/check", typeof text === "string" ? text : JSON.stringify(text));
  }
  /** The chapters of the manual. */
  manual() {
    return this.http.json("GET", "/manual");
  }
  /** One of them, Markdown, in "en" or "ru". */
  chapter(topic, { lang } = {}) {
    return this.http.plain("GET", `/manual/${encodeURIComponent(topic)}`, { query: { lang } });
  }
}

module.exports = { Bench, World, span };
