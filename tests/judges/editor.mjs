// What an editor says: yaml-language-server, as editors run it, with the schemas that `stend schema` prints, reads good files
// and broken ones, and completes names.
//
// Usage: node editor.mjs BINARY TESTS OUTPUT (from the folder in which node_modules is)

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

const [binary, tests, output] = process.argv.slice(2);
const root = join(tests, "..");
mkdirSync(output, { recursive: true });
for (const kind of ["scenario", "world"]) {
    writeFileSync(join(output, `${kind}.schema.json`), execFileSync(binary, ["schema", kind], { maxBuffer: 1 << 26 }));
}

// --- the language server over its standard streams

const server = spawn(process.execPath, ["node_modules/yaml-language-server/bin/yaml-language-server", "--stdio"]);
const replies = new Map();
const read = new Map();
let received = Buffer.alloc(0);
let count = 0;

function send(message) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
    server.stdin.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
}

function ask(method, params) {
    count += 1;
    const id = count;
    send({ id, method, params });
    return new Promise((resolve) => replies.set(id, resolve));
}

function answer({ id, method, params }) {
    const settings = { validate: true, completion: true, schemaStore: { enable: false } };
    const asked = () => params.items.map(({ section }) => (section === "yaml" ? settings : {}));
    send({ id, result: method === "workspace/configuration" ? asked() : null });
}

server.stdout.on("data", (bytes) => {
    received = Buffer.concat([received, bytes]);
    for (;;) {
        const head = received.indexOf("\r\n\r\n");
        const length = head < 0 ? 0 : Number(/Content-Length: (\d+)/.exec(received.subarray(0, head).toString())[1]);
        if (head < 0 || received.length < head + 4 + length) return;
        const message = JSON.parse(received.subarray(head + 4, head + 4 + length).toString());
        received = received.subarray(head + 4 + length);
        if (message.id !== undefined && message.method) answer(message);
        else if (message.id !== undefined) replies.get(message.id)?.(message.result);
        else if (message.method === "textDocument/publishDiagnostics") read.get(message.params.uri)?.(message.params.diagnostics);
    }
});

/// Opens a text with the header that names its schema; gives its address and what is said of it.
function open(name, kind, text) {
    const uri = pathToFileURL(join(output, name)).href;
    const said = new Promise((resolve) => read.set(uri, resolve));
    const headed = `# yaml-language-server: $schema=${kind}.schema.json\n${text}`;
    send({ method: "textDocument/didOpen", params: { textDocument: { uri, languageId: "yaml", version: 1, text: headed } } });
    return { uri, said };
}

// --- what is judged

const wrong = [];
const files = (folder) => readdirSync(join(root, folder)).filter((name) => name.endsWith(".yaml")).sort().map((name) => join(root, folder, name));

async function judge(path, kind) {
    const { said } = open(path.slice(root.length + 1).replaceAll("/", "-"), kind, readFileSync(path, "utf8"));
    return (await said).map(({ range, message }) => `line ${range.start.line}: ${message}`);
}

/// Names that are proposed where `|` stands. Nothing is proposed in empty braces, whatever the schema: a letter comes first.
async function completes(text, ...names) {
    const kind = "scenario";
    const { uri, said } = open(`completion-${count}.yaml`, kind, text.replace("|", ""));
    await said;
    const lines = `#\n${text}`.split("\n");
    const line = lines.findIndex((each) => each.includes("|"));
    const reply = await ask("textDocument/completion", { textDocument: { uri }, position: { line, character: lines[line].indexOf("|") } });
    const labels = (reply?.items ?? reply ?? []).map(({ label }) => label);
    const missing = names.filter((name) => !labels.includes(name));
    if (missing.length) wrong.push(`no completion ${missing} in\n${text}\nbut ${labels.slice(0, 20)}`);
}

await ask("initialize", { processId: null, rootUri: null, capabilities: { workspace: { configuration: true } } });
send({ method: "initialized", params: {} });

let good = 0;
const shipped = [["scenarios", "scenario"], ["scenarios/recipes", "scenario"], ["tests/scenario/odd", "scenario"], ["fixtures/worlds", "world"]];
await Promise.all(shipped.flatMap(([folder, kind]) => files(folder).map(async (path) => {
    const said = await judge(path, kind);
    if (said.length) wrong.push(`${path} is good, and the editor says: ${said}`);
    good += 1;
})));

const beyond = Object.values(JSON.parse(readFileSync(join(tests, "scenario/beyond.json"), "utf8"))).flat();
// An editor takes several documents in a file.
beyond.push("two-documents");
let broken = 0;
const checked = spawnSync(binary, ["check", ...files("tests/scenario/broken")], { encoding: "utf8", maxBuffer: 1 << 26 });
await Promise.all(files("tests/scenario/broken").map(async (path) => {
    const said = await judge(path, "scenario");
    const name = basename(path, ".yaml");
    if ((said.length === 0) !== beyond.includes(name)) wrong.push(`${name} is broken, and the editor says: ${said}`);
    if (!checked.stderr.includes(`${name}.yaml`)) wrong.push(`${name} is good for stend check`);
    broken += 1;
}));
const worlds = ["carbis-setting-that-is-a-number", "fault-without-effect", "no-version", "other-version", "scaled-without-scale", "unknown-key", "unknown-section-key", "wrong-type"];
await Promise.all(worlds.map(async (name) => {
    const said = await judge(join(tests, `scenario/broken-worlds/${name}.yaml`), "world");
    if (said.length === 0) wrong.push(`${name} is broken, and the editor says nothing`);
    broken += 1;
}));

const step = (text) => `stend: 1\ntimeline:\n  - ${text}\n`;
await completes(step("|"), "do", "call", "fault", "wait_for", "at", "every");
await completes(step("do: { c| }"), "carbis.call_waiter", "telemetron.sell", "queue.take_ticket");
await completes(step("do: { carbis.call_waiter: { t| } }"), "table");
await completes(step("do: { telemetron.sell: { machine: 123, payment: c| } }"), "cash", "cashless");
await completes(step("call: { carbis: { get: /| } }"), "/api/v4/events");
await completes(step("call: { queue: { command: l| } }"), "login", "nextConsumer");
await completes(step("fault: { r| }"), "respond", "reset", "truncate", "quota");
await completes(step("fault: { match: { fake: c| }, reset: true }"), "carbis", "queue");
await completes(step("fault: { match: { fake: carbis, operation: e| }, reset: true }"), "events");
await completes("stend: 1\nexpect:\n  - { j| }\n", "journal", "never", "push", "order", "before", "state");
await completes("stend: 1\nexpect:\n  - journal: { fake: telemetron, operation: v| }\n", "vending_machines");
await completes("stend: 1\nexpect:\n  - never: { status: { g| } }\n", "ge", "gt", "one_of");
await completes("stend: 1\nworld: { telemetron: { settings: { p| } } }\n", "ping", "report_every");

server.kill();
console.log(`yaml-language-server: ${good} good files, ${broken} broken ones, ${wrong.length} disagreements`);
if (wrong.length) {
    console.log(wrong.join("\n"));
    process.exit(1);
}
