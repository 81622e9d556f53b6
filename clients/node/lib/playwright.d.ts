import type { TestType } from "@playwright/test";
import type { Bench, World, WorldOptions } from "./index.js";
export const test: TestType<
  { world: World; worldOptions: WorldOptions & { scenario?: string } },
  { stend: Bench }
>;
export { expect } from "@playwright/test";
