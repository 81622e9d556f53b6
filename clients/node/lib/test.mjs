import helper from "./test.js";

export const { withWorld } = helper;
