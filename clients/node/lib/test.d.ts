import type { TestContext } from "node:test";
import type { TestOptions, World } from "./index.js";
export type { TestOptions } from "./index.js";
/** Wraps the function of a test of node:test: a world of its own, the journal in the message of a failure. */
export function withWorld(
  run: (world: World, context: TestContext) => unknown,
  options?: TestOptions,
): (context: TestContext) => Promise<void>;
