import type { World, WorldOptions } from "./index.js";
export interface TestOptions extends WorldOptions {
  /** Played in the world before the test. */
  scenario?: string | URL | object;
  warnings?: "show" | "error";
}
/** Wraps the function of a test of node:test. */
export function withWorld(
  run: (world: World, context: any) => unknown,
  options?: TestOptions,
): (context?: any) => Promise<void>;
/** vitest's `test` with the fixtures `stend`, `world` and `worldOptions`. */
export const test: any;
