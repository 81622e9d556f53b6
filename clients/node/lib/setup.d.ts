/** Starts the bench of a test run and names it in STEND_CONTROL_URL; returns what stops it. */
export function globalSetup(): Promise<(() => Promise<void>) | undefined>;
export function globalTeardown(): Promise<void>;
export default globalSetup;
