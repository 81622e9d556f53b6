"use strict";
const { Bench, World, span } = require("./client.js");
const { ExpectationFailed, StartError, StendError } = require("./errors.js");
const { Process, executable, serve } = require("./process.js");

module.exports = { Bench, ExpectationFailed, Process, StartError, StendError, World, executable, serve, span };
