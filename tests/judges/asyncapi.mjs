// Reads AsyncAPI documents with the reference parser; any diagnostic of it, warnings too, fails.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

let failed = false;
for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"));
  const wrong = diagnostics.filter(({ severity }) => severity <= 1);
  for (const { code, message, path } of wrong) {
    console.error(`${file}: ${code} at ${path.join("/")}: ${message}`);
  }
  if (!document || wrong.length > 0) {
    failed = true;
  } else {
    console.log(`${file}: ${document.allOperations().length} operations, ${document.allMessages().length} messages`);
  }
}
process.exit(failed ? 1 : 0);
