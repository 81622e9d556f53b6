import setup from "./setup.js";

export const { globalSetup, globalTeardown } = setup;
export default globalSetup;
