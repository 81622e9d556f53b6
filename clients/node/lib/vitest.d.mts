import type { TestAPI } from "vitest";
import type { Bench, TestOptions, World } from "./index.js";
/** vitest's `test` with fixtures: the bench, a world of the test's own, and how that is made. */
export const test: TestAPI<{ stend: Bench; world: World; worldOptions: TestOptions }>;
