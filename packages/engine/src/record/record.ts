import type { Duplex } from 'node:stream'
import { http2Family, parseFault } from '@chaosproxy/faults'
import { type Json, millis, UserError } from '@chaosproxy/history'
import { parseAddress } from '@chaosproxy/proxy/control'
import type { RunListener } from '@chaosproxy/runner'
import { parseRequirement } from '@chaosproxy/runner/result'
import { withFinal } from '@chaosproxy/targets'
import { knownName } from '../known-name.ts'
import { carryOut } from '../run/carry-out.ts'
import { createRunDirectory, USUAL_OUT } from '../run/directory.ts'
import { whenAborted } from '../run/interruption.ts'
import { type FinishedRun, writeResults } from '../run/results.ts'
import { type Run, runOf } from '../run/run.ts'
import { recordedCarriage } from './carriage.ts'
import { type OpenProxies, performHere } from './perform-here.ts'
import { planRecording, type Recorded, recordedWorkload, requireRecordable } from './plan.ts'

/** What to record. */
export interface RecordDraft {
  /** `host:port` or the origin (`https://api.example`) of a server, or of several by name; a single one is `n1`. */
  readonly upstream: string | { readonly [name: string]: string }
  /** False opens no ports: clients in this process connect by `dial`, such as through `@chaosproxy/undici`. */
  readonly listen?: boolean | undefined
  /** The path of a route table (HTTP), or `resp` (Redis). */
  readonly as: string
  readonly model?: string | undefined
  /** What keys hold at the start: `unknown`, `read`, or a value, which may also be given as the text of its JSON. */
  readonly initial?: 'unknown' | 'read' | { readonly value: Json } | (string & {}) | undefined
  /** The level that the record must meet for an exit code of 0. */
  readonly expect?: string | undefined
  /** Further bounds, such as `lost == 0`. */
  readonly require?: readonly string[] | undefined
  /** What the randomness of faults comes from; drawn by default. */
  readonly seed?: number | undefined
  /** How long a last read waits for its answer; by default 1,000. */
  readonly timeoutMs?: number | undefined
  /** Where to create the directory of the record; by default `chaos-results`. */
  readonly out?: string | undefined
}

/** A fault as JSON, as a schedule has it: `{ kind: 'lose-reply', match: { method: 'PUT' } }`. */
export interface FaultDraft {
  readonly kind: string
  readonly [parameter: string]: unknown
}

/** How to follow a recording, and end it. */
export interface RecordSettings {
  readonly listener?: RunListener | undefined
  /** Ends the recording in good order, as `stop` does; `stop` then gives what was recorded. */
  readonly signal?: AbortSignal | undefined
}

/** A recording under way: a proxy in front of each server, which records what passes and can hurt it. */
export interface Recording {
  /** The origin of each server itself, by its name: `http://127.0.0.1:8080`. */
  readonly origins: ReadonlyMap<string, string>
  /** The proxy's `host:port` for a server, by default the first. @throws UserError (usage) if it opened no port. */
  address(name?: string): string
  /** The same as `http://host:port`. */
  url(name?: string): string
  /**
   * Connects to a server, by default the first, without a socket. The stream carries the plaintext of a connection,
   * whatever the server's own origin; it is recorded and suffers faults like any other.
   */
  dial(name?: string): Duplex
  /**
   * Injects a fault. Without `links`, it is on those from the clients to every server. Resolves once it is in force, to what
   * heals it; that resolves to how often it took effect.
   *
   * @throws UserError for a fault that does not exist, or that these servers cannot suffer.
   */
  hurt(fault: FaultDraft): Promise<() => Promise<number>>
  /** Heals everything, reads every key a last time, closes the proxies and judges the record. */
  stop(): Promise<Run>
}

/**
 * Opens a proxy in front of each server. What the caller's own clients do through them is the record.
 *
 * @throws UserError (usage, input, environment) if something cannot be recorded, or a proxy cannot be opened. Throws the
 * signal's reason if it is aborted before that.
 */
export async function record(draft: RecordDraft, settings: RecordSettings = {}): Promise<Recording> {
  const { listener, signal = new AbortController().signal } = settings
  signal.throwIfAborted()
  const recorded = recordedHere(draft)
  const startedAt = new Date()
  const directory = createRunDirectory(draft.out ?? USUAL_OUT, 'record', startedAt)
  let stop = () => {}
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  let judging: Promise<FinishedRun | undefined> = Promise.resolve(undefined)
  const proxies = await new Promise<OpenProxies>((opened, failed) => {
    judging = carryOut(recorded.run, {
      directory,
      startedAt,
      interrupted: signal,
      listener,
      again: '',
      performer: {
        perform: (run, options) => performHere(recorded, run, options, { opened, stopped }),
        end: async () => {},
      },
    })
    judging.catch(failed)
  })
  const recording = recordingOf(recorded, proxies, async () => {
    stop()
    const finished = await judging
    if (finished === undefined) throw new Error('a recording ends only when it is stopped')
    writeResults(finished)
    return runOf(finished)
  })
  // Whoever stops it is told what went wrong.
  whenAborted(signal, () => recording.stop().catch(() => {}))
  return recording
}

interface RecordedHere extends Recorded {
  readonly origins: ReadonlyMap<string, string>
  readonly listens: boolean
}

/** No fault is planned, so the end of the recording is not known either. */
const LONGEST_MS = millis(600_000)
const TIMEOUT_MS = 1_000
const CHECK_MS = millis(60_000)

function recordedHere(draft: RecordDraft): RecordedHere {
  const { upstream, listen = true, as, model, expect, require, seed = drawnSeed(), timeoutMs = TIMEOUT_MS } = draft
  if (!(timeoutMs > 0)) throw new UserError('usage', `timeoutMs: ${timeoutMs} is no time: give milliseconds.`)
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new UserError('usage', `seed: ${seed} is no seed: give a whole number from 0.`)
  for (const text of require ?? []) parseRequirement(text, 'require')
  const initial = initialOf(draft)
  const carries = withFinal(requireRecordable(`as ${as}`, recordedCarriage('as', as, { initial, model })))
  const workload = recordedWorkload(carries, model, as)
  if (expect !== undefined) knownName(`expect ${expect}`, 'level', expect, [...workload.levels, 'none'])
  // As all of Node has it.
  const verify = process.env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0'
  const named = Object.entries(typeof upstream === 'string' ? { n1: upstream } : upstream)
  const places = named.map(([name, text]) => ({ name, ...placeOf(text) }))
  if (places.length === 0) throw new UserError('usage', 'upstream: it names no server.')
  const servers = places.map(({ name, address, isSecure }) => ({
    name,
    listen: '127.0.0.1:0',
    upstream: address,
    isRecorded: true,
    listens: listen,
    tls: isSecure ? { originate: { alpn: ['http/1.1'], verify } } : undefined,
  }))
  const terms = { servers, carries, model, timeoutMs: millis(timeoutMs) }
  const run = planRecording({
    ...{ ...terms, as, workload, seed, expect, require },
    faults: { nemeses: [], groups: [] },
    timeMs: LONGEST_MS,
    checkMs: CHECK_MS,
    command: ['a program'],
  })
  return { ...terms, run, origins: new Map(places.map(({ name, origin }) => [name, origin])), listens: listen }
}

const drawnSeed = (): number => Math.floor(Math.random() * 10_000)

/** A value may be given as its JSON. */
function initialOf({ initial }: RecordDraft): unknown {
  if (typeof initial !== 'string' || initial === 'unknown' || initial === 'read') return initial
  try {
    return { value: JSON.parse(initial) }
  } catch {
    throw new UserError('usage', `initial ${initial}: this is no JSON. Give unknown, read, or { value: 0 }.`)
  }
}

/** Reads `host:port`, or an origin. @throws UserError (usage) */
function placeOf(text: string): { readonly address: string; readonly origin: string; readonly isSecure: boolean } {
  if (!text.includes('://')) {
    requireAddress(text)
    const plain = `http://${text}`
    return { address: text, origin: URL.canParse(plain) ? new URL(plain).origin : plain, isSecure: false }
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/' || url.search !== '')
    throw new UserError(
      'usage',
      `upstream ${text}: this is no origin. Write host:port, or the scheme with it, such as https://api.example:8443.`,
    )
  const isSecure = url.protocol === 'https:'
  const port = url.port === '' ? (isSecure ? 443 : 80) : url.port
  return { address: `${url.hostname}:${port}`, origin: url.origin, isSecure }
}

function requireAddress(text: string): void {
  try {
    parseAddress(text)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const why = error.message.replace(/^address .*?: /, '')
    throw new UserError('usage', `upstream ${text}: ${why}. Write host:port, such as 127.0.0.1:8080.`)
  }
}

function recordingOf(
  { servers, origins, listens }: RecordedHere,
  proxies: OpenProxies,
  stop: () => Promise<Run>,
): Recording {
  const names = servers.map(({ name }) => name)
  let ending: Promise<Run> | undefined
  const known = <Found>(found: ReadonlyMap<string, Found>, name = names[0] ?? ''): Found => {
    const one = found.get(name)
    if (one !== undefined) return one
    throw new UserError('usage', `there is no server ${name}. Known: ${names.join(', ')}.`)
  }
  const address = (name?: string): string => {
    const found = known(proxies.addresses, name)
    if (listens) return found
    throw new UserError('usage', 'with listen: false there is no port. Leave it out, or connect by dial().')
  }
  return {
    origins,
    address,
    url: (name) => `http://${address(name)}`,
    dial: (name) => known(proxies.dials, name)(),
    async hurt(fault) {
      if (!listens && http2Family.has(fault.kind))
        throw new UserError(
          'usage',
          `${fault.kind}: with listen: false nothing speaks HTTP/2. Use lose-request, lose-reply or delay-reply, or record with a port.`,
        )
      const links = names.map((name) => ({ from: 'clients', to: name }))
      const parsed = parseFault('nodes' in fault ? fault : { links, ...fault }, `hurt(${fault.kind})`)
      if ('nodes' in parsed)
        throw new UserError(
          'usage',
          `${fault.kind}: record() did not start these servers, so it cannot kill or pause them. Use a fault of their traffic, such as partition or lose-reply, or chaos record --serve.`,
        )
      return proxies.hurt(parsed)
    },
    stop() {
      ending ??= stop()
      return ending
    },
  }
}
