// Leads the connections of unchanged Node.js programs to the bench: those for its hosts go to its gateway, which answers TLS
// by the name in the hello and plain HTTP by `Host`. Loaded by NODE_OPTIONS, as Node.js before 24 knows no proxy variables.
"use strict";
const net = require("node:net");

const { hosts, gateway } = JSON.parse(process.env.STEND_NODE_GATEWAY || "{}");
const known = new Set(hosts);

/** The arguments of a connect, led to the gateway where they are for a known host. */
function led(socket, first, host) {
  const options = typeof first === "object" && first !== null ? first : { port: first, host };
  const name = String(options.host || "").toLowerCase().replace(/\.$/, "");
  const port = Number(options.port);
  if (options.path || !known.has(name) || (port !== 443 && port !== 80)) return undefined;
  // A client that names no server would get a certificate for this machine.
  if (typeof socket.setServername === "function" && !socket.ssl?.servername && !options.servername) {
    socket.setServername(name);
  }
  return { ...options, host: gateway.host, port: gateway.port, lookup: undefined };
}

if (gateway) {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...given) {
    // `net.connect` and `tls.connect` give their arguments as one array, with marks of their own on it.
    const args = Array.isArray(given[0]) ? given[0] : given;
    const options = led(this, args[0], args[1]);
    if (options !== undefined) {
      if (Array.isArray(given[0])) given[0][0] = options;
      else given = [options, ...given.filter((value) => typeof value === "function")];
    }
    return connect.apply(this, given);
  };
}
