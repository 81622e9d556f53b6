/** Seconds, or a text such as "5m". */
export type Span = string | number;
export type Moment = string | Date;
export type Service = "carbis" | "tillypad" | "queue" | "telemetron" | (string & {});
export interface WorldOptions {
  id?: string;
  seed?: number;
  /** A built-in name, a path of a world file, or the world itself. */
  world?: string | URL | object;
  clock?: Moment | "real" | "frozen" | object;
  forkOf?: string;
}
export interface Entry {
  seq: number;
  at: string;
  fake: Service;
  operation: string | null;
  channel: "http" | "frame" | "push" | "ping";
  method: string | null;
  path: string | null;
  status: number;
  request: unknown;
  reply: unknown;
  warnings?: string[];
  fault?: string;
  client?: string;
  [more: string]: unknown;
}
export interface JournalFilter {
  service?: Service;
  operation?: string;
  status?: number | string;
  client?: string;
  fault?: string;
  channel?: Entry["channel"];
  since?: number | Moment;
  limit?: number;
  bodies?: boolean;
  /** Waits so long for the first entry that fits, after entry `since`. */
  wait?: Span;
}
export interface StreamEvent {
  id?: string;
  event: string;
  data: any;
}
export interface Progress {
  state: "playing" | "passed" | "failed" | "stopped";
  title: string;
  step: string;
  why?: string;
  report?: Record<string, any>;
  [more: string]: unknown;
}
export interface PlayOptions {
  /** Virtual seconds a second, or "max". */
  speed?: string | number;
  seed?: number;
  start?: Moment;
  /** Keeps what people see after each step, for `report()`. */
  report?: boolean;
}
export class Clock {
  get(options?: { due?: boolean }): Promise<{ mode: string; now: string; scale?: number; [more: string]: unknown }>;
  now(): Promise<Date>;
  freeze(at?: Moment): Promise<unknown>;
  run(scale?: number): Promise<unknown>;
  advance(by: Span): Promise<{ now: string; fired: unknown[]; count: number }>;
  advanceTo(to: Moment): Promise<{ now: string; fired: unknown[]; count: number }>;
}
export class Faults {
  add(match: object, effect: object): Promise<string>;
  list(): Promise<object[]>;
  switch(id: string, on: boolean): Promise<void>;
  remove(id: string): Promise<void>;
  clear(): Promise<void>;
}
export class World implements AsyncDisposable {
  readonly bench: Bench;
  readonly id: string;
  readonly seed: number;
  readonly urls: Record<string, string>;
  readonly clock: Clock;
  readonly faults: Faults;
  url(service: Service): string;
  act(action: string, args?: object): Promise<any>;
  describe(): Promise<Record<string, any>>;
  journal(filter?: JournalFilter): Promise<Entry[]>;
  journalPage(filter?: JournalFilter): Promise<{ entries: Entry[]; [more: string]: unknown }>;
  stream(options?: { since?: number | string; bodies?: boolean }): AsyncGenerator<StreamEvent, void, void>;
  view(options?: { limit?: number }): Promise<Record<string, any>>;
  viewService(service: Service, options?: { table?: string; limit?: number; after?: string }): Promise<Record<string, any>>;
  picture(service: Service, name: string): Promise<Buffer>;
  recording(): Promise<Record<string, any>>;
  changes(): Promise<Record<string, any>>;
  report(): Promise<Record<string, any>>;
  clearJournal(): Promise<void>;
  verify(expectation: object, options?: { within?: Span }): Promise<void>;
  state(): Promise<Record<string, any>>;
  save(path: string | URL): Promise<void>;
  restore(world: string | URL | object): Promise<void>;
  reset(service?: Service): Promise<void>;
  fork(id?: string): Promise<World>;
  play(scenario: string | URL | object, options?: PlayOptions & { timeout?: number }): Promise<Record<string, any>>;
  startScenario(scenario: string | URL | object, options?: PlayOptions): Promise<void>;
  scenario(options?: { steps?: boolean }): Promise<Progress>;
  setSpeed(speed: string | number): Promise<void>;
  stopScenario(): Promise<void>;
  env(): Record<string, string>;
  delete(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
export class Bench {
  constructor(controlUrl: string, options?: { token?: string });
  static connect(controlUrl: string, options?: { token?: string }): Promise<Bench>;
  readonly controlUrl: string;
  readonly urls: Record<string, string>;
  health(): Promise<Record<string, any>>;
  world(options?: WorldOptions): Promise<World>;
  get(id?: string): Promise<World>;
  worlds(): Promise<World[]>;
  actions(service?: Service): Promise<Record<string, any>[]>;
  operations(service?: Service): Promise<Record<string, any>[]>;
  specs(): Promise<Record<string, any>[]>;
  spec(service: Service, options?: { world?: string }): Promise<Record<string, any>>;
  index(): Promise<Record<string, any>>;
  certificate(): Promise<string>;
  metrics(): Promise<string>;
  openapi(): Promise<Record<string, any>>;
  claims(service: Service): Promise<Record<string, any>[]>;
  scenarios(): Promise<Record<string, any>[]>;
  scenario(name: string): Promise<string>;
  check(scenario: string | URL | object): Promise<Record<string, any>>;
  manual(): Promise<Record<string, any>[]>;
  chapter(topic: string, options?: { lang?: "en" | "ru" }): Promise<string>;
}
export interface ServeOptions {
  world?: string;
  scenario?: string;
  seed?: number;
  clock?: Moment;
  strict?: boolean;
  /** The control port; the services' ports follow it. Left out, free ports are taken. */
  portBase?: number;
  /** Further options of `stend serve`. */
  args?: string[];
  /** Seconds to wait for the ports. */
  timeout?: number;
  token?: string;
}
export class Process {
  static start(options?: ServeOptions): Promise<Process>;
  readonly urls: Record<string, string>;
  readonly controlUrl: string;
  output(): string;
  stop(): Promise<void>;
}
export class StendError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint?: string;
  readonly at?: string;
}
export class ExpectationFailed extends Error {
  readonly nearest: unknown;
  readonly unmet: unknown[];
}
export class StartError extends Error {}
export function executable(): string;
export function serve(options?: ServeOptions): Promise<Bench & AsyncDisposable & { stop(): Promise<void> }>;
export function span(value: Span): string;
/** How the helpers for test runners make the world of a test. */
export interface TestOptions extends Omit<WorldOptions, "id"> {
  /** Played in the world before the test: a path, or the scenario itself. */
  scenario?: string | URL | object;
  /** "error" fails a test if the bench warned about one of its requests. */
  warnings?: "show" | "error";
}
