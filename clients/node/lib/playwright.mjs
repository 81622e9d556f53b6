import helper from "./playwright.js";

export const { expect, test } = helper;
