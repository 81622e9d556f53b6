// The ES module hands out what the CommonJS one has: there is one of each class, whichever way it is loaded.
import stend from "./index.js";

export const { Bench, ExpectationFailed, Process, StartError, StendError, World, executable, serve, span } = stend;
export default stend;
