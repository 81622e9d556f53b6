// The control API: requests, and the stream of what happens.
import { signal } from "@preact/signals";

/** The control token, kept as long as the tab is open. */
let token = sessionStorage.getItem("stend.token");

/** Whether the token is asked for: `null`, `asked` or `wrong`. */
export const tokenAsked = signal(null);

export function giveToken(text) {
  token = text;
  sessionStorage.setItem("stend.token", text);
  tokenAsked.value = null;
}

/** What the control API refused, in its words. */
export class Refused extends Error {
  constructor(status, error) {
    super([error?.message ?? `HTTP ${status}`, error?.hint].filter(Boolean).join(" — "));
    this.status = status;
    this.code = error?.code;
    // `1:24 (match.path)`: where the body has lines, they come first.
    const place = error?.at ?? "";
    this.path = /\((.*)\)$/.exec(place)?.[1] ?? place;
  }
}

function headers(more) {
  return { ...(token ? { authorization: `Bearer ${token}` } : {}), ...more };
}

/** What was refused, and with which token: one that was given meanwhile is not the wrong one. */
async function refusal(response, sent) {
  if (response.status === 401 && sent === token) tokenAsked.value = token ? "wrong" : "asked";
  const body = await response.json().catch(() => null);
  return new Refused(response.status, body?.error);
}

/** Sends a request to a path below `/control/v1`; a text body goes as it is, any other as JSON. */
export async function call(method, path, body, more) {
  const given = body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) };
  const sent = token;
  const response = await fetch(`/control/v1${path}`, {
    method,
    headers: headers({ ...(given && { "content-type": "application/json" }), ...more }),
    ...given,
  });
  if (!response.ok) throw await refusal(response, sent);
  if (response.status === 204) return null;
  const text = await response.text();
  return response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
}

export const get = (path, more) => call("GET", path, undefined, more);

/** The bytes of a picture as an address that an image may have. */
export async function picture(path) {
  const sent = token;
  const response = await fetch(path, { headers: headers() });
  if (!response.ok) throw await refusal(response, sent);
  return URL.createObjectURL(await response.blob());
}

const pause = (ms) => new Promise((then) => setTimeout(then, ms));

/**
 * Follows a world's stream until `signal` aborts. A connection that breaks is made again from where it was.
 * `EventSource` would not do: it sends no token.
 */
export async function follow(world, signal, { onEvents, onState }) {
  let last = "0";
  while (!signal.aborted) {
    try {
      const sent = token;
      const response = await fetch(`/control/v1/worlds/${encodeURIComponent(world)}/stream?bodies=false`, {
        headers: headers({ accept: "text/event-stream", "last-event-id": last }),
        signal,
      });
      if (!response.ok) {
        const refused = await refusal(response, sent);
        onState(refused.status === 404 ? "gone" : refused.status === 401 ? "token" : "off", refused.message);
        if (refused.status === 404 || refused.status === 401) return;
      } else {
        onState("live");
        const ended = await read(response.body, onEvents, (id) => (last = id));
        onState("off", ended);
      }
    } catch (error) {
      if (signal.aborted) return;
      onState("off", error.message);
    }
    await pause(1000);
  }
}

/** Reads events to the end of the stream; answers what the stream said of its end. */
async function read(body, onEvents, onId) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return null;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    const events = [];
    for (const block of blocks) {
      const event = { id: "", name: "", data: "" };
      for (const line of block.split("\n")) {
        if (line.startsWith("id: ")) event.id = line.slice(4);
        else if (line.startsWith("event: ")) event.name = line.slice(7);
        else if (line.startsWith("data: ")) event.data = line.slice(6);
      }
      if (event.id) onId(event.id);
      if (event.name) events.push({ id: event.id, name: event.name, data: JSON.parse(event.data) });
    }
    const end = events.find((event) => event.name === "end");
    if (events.length) onEvents(events.filter((event) => event !== end));
    if (end) return end.data.why;
  }
}
