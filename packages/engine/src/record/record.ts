import type { Duplex } from 'node:stream'
import { levelNames } from '@chaosproxy/checker'
import { type Fault, http2Family, parseFault, parseTrafficFault } from '@chaosproxy/faults'
import { environmentError, type Json, UserError, usageError } from '@chaosproxy/history'
import { parseAddress } from '@chaosproxy/proxy/control'
import { type Heal, type Injected, planRun, type RunHandle, type RunListener, type RunSpec } from '@chaosproxy/runner'
import { parseRequirement } from '@chaosproxy/runner/result'
import type { OpenTraffic, TrafficClients } from '@chaosproxy/targets'
import { whenAborted } from '../jobs/interruption.ts'
import { knownName } from '../known-name.ts'
import { requireSeed, requireTimeout } from '../required.ts'
import { carryOut } from '../run/carry-out.ts'
import { writeResults } from '../run/results.ts'
import { type Run, runOf } from '../run/run.ts'
import { createRunDirectory, USUAL_OUT } from '../run-directory.ts'
import { registries } from '../worlds/registries.ts'
import { recordingSpec, trafficParts } from './traffic.ts'

/** What to record. */
export interface RecordDraft {
  /** A server's `host:port` or origin (`https://api.example`), or several by name. A single server is named `n1`. */
  readonly upstream: string | { readonly [name: string]: string }
  /**
   * Whether the proxies open ports; true by default. Without ports, clients connect by `dial`, for instance through
   * `@chaosproxy/undici`.
   */
  readonly listen?: boolean | undefined
  /** How traffic is read: the path of a route table (HTTP), `resp` (Redis), or `{"kind":"postgresql","table":"kv"}`. */
  readonly as: string
  readonly model?: string | undefined
  /** The initial values of keys: `unknown`, `read`, or a value, which may also be given as JSON text. */
  readonly initial?: 'unknown' | 'read' | { readonly value: Json } | (string & {}) | undefined
  /** The level that the record must meet for an exit code of 0. */
  readonly expect?: string | undefined
  /** Further requirements, such as `lost == 0`. */
  readonly require?: readonly string[] | undefined
  /** The seed of faults; random by default. */
  readonly seed?: number | undefined
  /** How long a final read waits for its answer, in milliseconds; 1,000 by default. */
  readonly timeoutMs?: number | undefined
  /** The directory in which to create the directory of the record; by default `chaos-results`. */
  readonly out?: string | undefined
}

/** A fault as JSON, as in a schedule: `{ kind: 'lose-reply', match: { method: 'PUT' } }`. */
export interface FaultDraft {
  readonly kind: string
  readonly [parameter: string]: unknown
}

/** How to observe a recording, and how to end the recording. */
export interface RecordSettings {
  readonly listener?: RunListener | undefined
  /** When aborted, the recording ends as if `stop` were called. A later call of `stop` returns the result. */
  readonly signal?: AbortSignal | undefined
}

/** A recording in progress, with a proxy in front of each server. */
export interface Recording {
  /** The origin of each server (not its proxy), by name: `http://127.0.0.1:8080`. */
  readonly origins: ReadonlyMap<string, string>
  /**
   * Returns the `host:port` of a server's proxy. Without a name, this is the first server.
   *
   * @throws UserError (usage) if the proxy opened no port.
   */
  address(name?: string): string
  /**
   * Returns the address of a server's proxy as a URL, `http://host:port`.
   *
   * @throws UserError (usage) as `address` does.
   */
  url(name?: string): string
  /**
   * Connects to a server, by default the first, without a socket. The stream carries plaintext. It is recorded, and
   * faults affect it, as with any connection.
   */
  dial(name?: string): Duplex
  /**
   * Injects a fault, by default into the links from the clients to every server. When the fault is in force, the
   * promise resolves to a function that heals the fault and returns how often it took effect.
   *
   * @throws UserError for a fault that does not exist, or that these servers do not support.
   */
  hurt(fault: FaultDraft): Promise<() => Promise<number>>
  /**
   * Records a fault of links that something else injects, such as a cut between servers. The returned function records
   * the end of the fault, and that it took effect `hits` times. If this function is not called, the final reads prove
   * nothing.
   *
   * @throws UserError (input) for a fault that does not exist.
   */
  note(fault: FaultDraft): (hits: number) => void
  /**
   * Ends the recording: disconnects the clients, heals every fault, reads every key a last time, and judges the record.
   * A request in progress counts as unanswered.
   */
  stop(): Promise<Run>
}

/**
 * Opens a proxy in front of each server, to record the caller's own clients.
 *
 * @throws UserError (usage, input, environment) if something cannot be recorded, or a proxy cannot be opened.
 * @throws the reason of `settings.signal` if this signal aborts before the proxies are open.
 */
export async function record(draft: RecordDraft, settings: RecordSettings = {}): Promise<Recording> {
  const { listener, signal = new AbortController().signal } = settings
  signal.throwIfAborted()
  const { listen = true, out = USUAL_OUT } = draft
  const places = placesOf(draft)
  const spec = specOf(draft, places)
  const callers = createCallers(listen)
  const run = await planRun(
    spec,
    { ...registries, traffic: (each) => trafficParts(each, { clients: callers, listens: listen, called: String }) },
    'record',
  )
  const startedAt = new Date()
  const directory = createRunDirectory(out, run.target.name, startedAt)
  let handle: RunHandle | undefined
  const judging = carryOut(run, {
    ...{ directory, startedAt, listener, again: '' },
    interrupted: signal,
    steered: (steering) => {
      handle = steering
    },
  })
  const open = await Promise.race([callers.opened, judging.then(() => neverOpened(signal))])
  const hurt = (fault: Fault) => injected(fault, (report) => handle?.inject(fault, report))
  const recording = recordingOf(
    { origins: new Map(places.map(({ name, origin }) => [name, origin])), open, listen, hurt },
    async () => {
      callers.leave()
      const finished = await judging
      if (finished === undefined) throw new Error('the recording ended, but nothing was recorded')
      writeResults(finished)
      return runOf(finished)
    },
  )
  // Ignores the rejection, because the caller's own call of `stop` rejects with the same error.
  whenAborted(signal, () => recording.stop().catch(() => {}))
  return recording
}

const neverOpened = (signal: AbortSignal): never => {
  signal.throwIfAborted()
  throw new Error('the recording ended before its proxies were open')
}

function createCallers(listen: boolean) {
  let leave = () => {}
  const gone = new Promise<void>((resolve) => {
    leave = resolve
  })
  let open: (proxies: OpenTraffic) => void = () => {}
  const opened = new Promise<OpenTraffic>((resolve) => {
    open = resolve
  })
  const clients: TrafficClients = {
    areStarted: false,
    areCutOff: true,
    howToUseIt: listen
      ? 'Send requests to what url() and address() return.'
      : "Send requests to the servers' own origins through dispatcherThrough of @chaosproxy/undici, or connect with dial().",
    async begin(proxies) {
      open(proxies)
      return { gone, end: async () => [] }
    },
  }
  return { ...clients, opened, leave: () => leave() }
}

const injected = (
  fault: Fault,
  inject: (report: (outcome: Injected) => void) => void,
): Promise<() => Promise<number>> =>
  new Promise((resolve, reject) => {
    inject((outcome) => {
      if (outcome.type === 'injected') {
        resolve(() => healedBy(outcome.heal))
        return
      }
      const { error } = outcome
      reject(usageError(error.startsWith(`${fault.kind} `) ? error : `${fault.kind}: ${error}`))
    })
  })

const healedBy = (heal: Heal): Promise<number> =>
  new Promise((resolve, reject) => {
    heal((end) => (end.type === 'healed' ? resolve(end.hits) : reject(environmentError(end.error))))
  })

/** The duration in the spec of a recording. The recording itself lasts until it is stopped. */
const LONGEST_MS = 600_000
const TIMEOUT_MS = 1_000

const WITHOUT_PORTS =
  'run the same program again. It called record() with listen: false, so its clients were inside the program. With listen: true, the spec can repeat the recording.'

interface Place {
  readonly name: string
  readonly upstream: string
  readonly origin: string
}

function placesOf({ upstream }: RecordDraft): readonly Place[] {
  const named = Object.entries(typeof upstream === 'string' ? { n1: upstream } : upstream)
  if (named.length === 0) throw usageError('"upstream" names no server. Name at least one.')
  return named.map(([name, text]) => ({ name, ...placeOf(text) }))
}

function specOf(draft: RecordDraft, places: readonly Place[]): RunSpec {
  const {
    as,
    model,
    listen = true,
    expect,
    require,
    seed = Math.floor(Math.random() * 10_000),
    timeoutMs = TIMEOUT_MS,
  } = draft
  requireTimeout(timeoutMs)
  requireSeed(seed)
  for (const text of require ?? []) parseRequirement(text, 'require')
  if (expect !== undefined) knownName(`expect ${expect}`, 'level', expect, [...levelNames(), 'none'])
  const servers = places.map(({ name, upstream }) => ({ name, upstream }))
  return recordingSpec(
    {
      as,
      servers,
      model,
      initial: typeof draft.initial === 'object' ? JSON.stringify(draft.initial.value) : draft.initial,
      ...(listen ? {} : { again: WITHOUT_PORTS }),
    },
    { seed, expect, require, timeMs: LONGEST_MS, timeoutMs },
  )
}

/** Parses `host:port`, or an origin. @throws UserError (usage) */
function placeOf(text: string): Omit<Place, 'name'> {
  if (!text.includes('://')) {
    requireAddress(text)
    const plain = `http://${text}`
    return { upstream: text, origin: URL.canParse(plain) ? new URL(plain).origin : plain }
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/' || url.search !== '')
    throw usageError(
      `upstream ${text}: this is not an origin. Write host:port, or put a scheme before it, as in https://api.example:8443.`,
    )
  return { upstream: url.origin, origin: url.origin }
}

function requireAddress(text: string): void {
  try {
    parseAddress(text)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const why = error.message.replace(/^address .*?: /, '')
    throw usageError(`upstream ${text}: ${why}. Write host:port, such as 127.0.0.1:8080.`)
  }
}

interface Opened {
  readonly origins: ReadonlyMap<string, string>
  readonly open: OpenTraffic
  readonly listen: boolean
  hurt(fault: Fault): Promise<() => Promise<number>>
}

function recordingOf({ origins, open, listen, hurt }: Opened, stop: () => Promise<Run>): Recording {
  const names = [...origins.keys()]
  const addresses = new Map(open.proxies.map((proxy) => [proxy.name, proxy.listen]))
  let ending: Promise<Run> | undefined
  const known = <Found>(found: ReadonlyMap<string, Found>, name = names[0] ?? ''): Found => {
    const one = found.get(name)
    if (one !== undefined) return one
    throw usageError(`there is no server ${name}. Known: ${names.join(', ')}.`)
  }
  const address = (name?: string) => {
    const found = known(addresses, name)
    if (listen) return found
    throw usageError('no port is open, because "listen" is false. Leave "listen" out, or connect with dial().')
  }
  return {
    origins,
    address,
    url: (name) => `http://${address(name)}`,
    dial: (name) => known(open.dials, name)(),
    async hurt(fault) {
      if (!listen && http2Family.has(fault.kind))
        throw usageError(
          `${fault.kind} needs HTTP/2, which clients cannot speak if "listen" is false. Use lose-request, lose-reply or delay-reply, or record with a port.`,
        )
      const links = names.map((name) => ({ from: 'clients', to: name }))
      const parsed = parseFault('nodes' in fault ? fault : { links, ...fault }, `hurt(${fault.kind})`)
      if ('nodes' in parsed)
        throw usageError(
          `${fault.kind}: record() did not start these servers, so it cannot kill or pause them. Use a fault of their traffic, such as partition or lose-reply, or chaos record --serve.`,
        )
      return hurt(parsed)
    },
    note: (fault) => open.noteFault(parseTrafficFault(fault, `note(${fault.kind})`)),
    stop() {
      ending ??= stop()
      return ending
    },
  }
}
