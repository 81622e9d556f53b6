"use strict";
const { AssertionError } = require("node:assert");

/** The control API refused a request. */
class StendError extends Error {
  constructor(status, error = {}) {
    const parts = [error.message ?? `status ${status}`];
    if (error.at) parts.push(`at ${error.at}`);
    if (error.hint) parts.push(`help: ${error.hint}`);
    super(parts.join("; "));
    this.name = "StendError";
    this.status = status;
    this.code = error.code ?? "unknown";
    this.hint = error.hint;
    this.at = error.at;
  }
}

/** An expectation does not hold; `nearest` is the journal entry that came nearest, `unmet` what it lacks. */
class ExpectationFailed extends AssertionError {
  constructor(error = {}) {
    const lines = [error.message ?? "the expectation does not hold"];
    for (const one of error.unmet ?? []) lines.push(`  - ${typeof one === "string" ? one : JSON.stringify(one)}`);
    if (error.nearest !== undefined) lines.push(`nearest: ${JSON.stringify(error.nearest, null, 2)}`);
    super({ message: lines.join("\n"), operator: "stend" });
    this.name = "ExpectationFailed";
    this.nearest = error.nearest;
    this.unmet = error.unmet ?? [];
  }
}

/** The bench did not start; the message holds what it printed. */
class StartError extends Error {
  constructor(message) {
    super(message);
    this.name = "StartError";
  }
}

module.exports = { ExpectationFailed, StartError, StendError };
