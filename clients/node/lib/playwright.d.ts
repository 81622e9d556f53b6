import type { TestType, PlaywrightTestArgs, PlaywrightTestOptions, PlaywrightWorkerArgs, PlaywrightWorkerOptions } from "@playwright/test";
import type { Bench, TestOptions, World } from "./index.js";
/** Playwright's `test` with fixtures: the bench, a world of the test's own, and how that is made. */
export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & { world: World; worldOptions: TestOptions },
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & { stend: Bench }
>;
export { expect } from "@playwright/test";
