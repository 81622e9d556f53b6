export { Bench, World, span } from "./client.js";
export { ExpectationFailed, StartError, StendError } from "./errors.js";
export { Process, executable, serve } from "./process.js";
