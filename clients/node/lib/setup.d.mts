export { default, globalSetup, globalTeardown } from "./setup.js";
