import { statSync } from 'node:fs'
import { extname } from 'node:path'
import { levelNames } from '@chaosproxy/checker'
import {
  checkedAddress,
  fileWord,
  parseEnd,
  parseInitial,
  type RecordedMembers,
  recordedCarriage,
  tlsBetween,
  USUAL_OUT,
} from '@chaosproxy/engine'
import { type Millis, UserError } from '@chaosproxy/history'
import {
  type Carriage,
  carriageName,
  isPrivateListener,
  type ProxySettings,
  parseCarriage,
} from '@chaosproxy/proxy/control'
import type { TrafficServer } from '@chaosproxy/runner'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration, parseSize } from '../arguments/quantities.ts'
import { parseRequire } from '../arguments/require.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { parseEvents } from '../run/event-file.ts'
import type { LogFormat } from './log.ts'
import type { RecordSettings } from './recording.ts'

/** The settings of `chaos proxy`. */
export interface ProxyCommandSettings {
  /** Where each proxy listens and where it leads, in the order given. */
  readonly pairs: readonly ProxyPair[]
  /** What is recorded in plain files. */
  readonly record: RecordSettings | undefined
  /** What is recorded as a run with a directory of its own. */
  readonly run: RunRecording | undefined
  readonly configFile: string | undefined
  readonly control: string
  readonly token: string | undefined
  /** Whether anyone who reaches the control interface may use all of it. */
  readonly isOpen: boolean
  /** Names by which it may be asked for. */
  readonly hostNames: readonly string[]
  readonly toxiproxy: boolean
  /** Whether to serve `GET /metrics` in Toxiproxy's interface. */
  readonly metrics: boolean
  readonly seed: number | string
  /** The number of processes that carry connections; 1 means this process alone. */
  readonly workers: number
  readonly log: LogFormat
  /** When to end. */
  readonly timeMs: number | undefined
  /** A command to run; the proxy ends with it. */
  readonly command: readonly string[]
}

/** What is recorded as a run, and what it is held to. */
export interface RunRecording {
  /** The file with the route table, or the name of a protocol that needs none. */
  readonly table: string
  readonly client: string | undefined
  readonly initial: string | undefined
  readonly model: string | undefined
  /** Where to create its directory. */
  readonly out: string
  readonly expect: string | undefined
  readonly require: readonly string[] | undefined
  readonly checkMs: Millis
  /** The file to write events to as they happen. */
  readonly events: string | undefined
  readonly seed: number
  /** The servers as typed. */
  readonly servers: readonly TrafficServer[]
}

export interface ProxyPair {
  readonly name: string
  readonly listen: string
  readonly upstream: string
  /** How the traffic is read. */
  readonly carries: Carriage | undefined
  /** TLS at its ends; absent if it is passed through. */
  readonly tls?: ProxySettings['tls']
}

/** Toxiproxy's port, where its clients look for it. */
const CONTROL_PORT = '8474'
const MOST_WORKERS = 64
const USUAL_FILE = 'history.jsonl'
export const CHECK_TIMEOUT = '60s'

/** @throws UserError (usage) */
export function parseProxySettings(options: ParsedOptions): ProxyCommandSettings {
  const time = textOf(options, 'time')
  const control = parseControl(options)
  const pairs = parsePairs(options)
  const runs = parseRun(options, pairs)
  return {
    pairs,
    ...(runs === undefined
      ? { record: parseRecord(options, pairs), run: undefined }
      : { record: undefined, run: runs }),
    configFile: textOf(options, 'config'),
    control,
    token: parseToken(options, control),
    isOpen: flagOf(options, 'open'),
    hostNames: textsOf(options, 'host-name'),
    toxiproxy: flagOf(options, 'toxiproxy'),
    metrics: flagOf(options, 'proxy-metrics') || flagOf(options, 'runtime-metrics'),
    seed: textOf(options, 'seed') ?? 1,
    workers: parseCount('workers', textOf(options, 'workers') ?? '1', { min: 1, max: MOST_WORKERS }),
    log: parseLog(textOf(options, 'log')),
    timeMs: time === undefined ? undefined : parseDuration('time', time),
    command: textsOf(options, '--'),
  }
}

/** Proxies must all have names or none, which makes them n1, n2 and so on. */
export function parsePairs(options: ParsedOptions): readonly ProxyPair[] {
  const listens = textsOf(options, 'listen')
  const upstreams = textsOf(options, 'upstream')
  const names = textsOf(options, 'name')
  const carriages = parseCarriages(options)
  if (listens.length > upstreams.length)
    throw new UserError(
      'usage',
      `--listen ${listens[upstreams.length]}: say where it leads to, with one --upstream host:port for each --listen.`,
    )
  if (names.length > upstreams.length)
    throw new UserError('usage', `--name ${names[upstreams.length]}: there is no --upstream for it.`)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new UserError('usage', `--name ${twice}: it is given twice.`)
  if (carriages.length > 1 && carriages.length !== upstreams.length)
    throw new UserError(
      'usage',
      `--carries is given ${carriages.length} times for ${upstreams.length} proxies: give it once for all of them, or once for each.`,
    )
  return upstreams.map((typed, i) => {
    const listen = parseEnd('listen', listens[i] ?? '127.0.0.1:0')
    const upstream = parseEnd('upstream', typed)
    const carries = carriages[carriages.length === 1 ? 0 : i]
    const tls = tlsBetween(listen, upstream, carries)
    const pair = { name: names[i] ?? `n${i + 1}`, listen: listen.address, upstream: upstream.address, carries }
    return tls === undefined ? pair : { ...pair, tls }
  })
}

/** How traffic is read, according to `--carries` or, with a route table, `--record`. */
function parseCarriages(options: ParsedOptions): readonly Carriage[] {
  const carried = textsOf(options, 'carries')
  const record = textOf(options, 'record')
  if (record === undefined) return carried.map((typed) => parseCarriage(carriageOf(typed), `--carries ${typed}`))
  const members = recordedMembers(options)
  if (carried.length === 0) return [recordedCarriage('--record', record, members)]
  return carried.map((typed) => {
    const kind = parseCarriage(carriageOf(typed), `--carries ${typed}`)
    const recorded = recordedCarriage('--record', record, members)
    if (kind.kind === 'http2' && recorded.kind === 'http') return { kind: 'http2', table: recorded.table }
    if (carriageName(kind) !== carriageName(recorded))
      throw new UserError(
        'usage',
        `--carries ${typed}: what --record ${record} reads is ${carriageName(recorded)}. Leave --carries out.`,
      )
    return kind.kind === 'http' && recorded.kind === 'http' ? { ...recorded, websocket: kind.websocket } : recorded
  })
}

/** A name, or an object with settings. */
function carriageOf(typed: string): unknown {
  if (!typed.trimStart().startsWith('{')) return typed
  try {
    return JSON.parse(typed)
  } catch (error) {
    throw new UserError(
      'usage',
      `--carries ${typed}: this is no JSON: ${error instanceof Error ? error.message : error}`,
    )
  }
}

/** Options about a recording, which override the route table. */
function recordedMembers(options: ParsedOptions): RecordedMembers {
  const client = textOf(options, 'client')
  const initial = textOf(options, 'initial')
  return {
    client,
    initial: initial === undefined ? undefined : parseInitial('--initial', initial),
    model: textOf(options, 'model'),
  }
}

/** Options that are only about a recording with a directory of its own. */
const OF_RUN = ['expect', 'require', 'check-timeout', 'events'] as const

/** With a table, and unless a file is named, or files that rotate, the recording is a run with a directory of its own. */
function parseRun(options: ParsedOptions, pairs: readonly ProxyPair[]): RunRecording | undefined {
  const table = textOf(options, 'record')
  const out = textOf(options, 'out')
  const rotates = textOf(options, 'rotate') !== undefined
  const inFiles = table === undefined || (out === undefined ? rotates : isFile(out))
  if (inFiles) {
    const judged = OF_RUN.find((name) => textsOf(options, name).length > 0)
    if (judged === undefined) return undefined
    throw new UserError(
      'usage',
      table === undefined
        ? `--${judged} is about what is recorded: say how to read it, with --record.`
        : `--${judged} is for a recording with a directory of its own: leave ${rotates ? '--rotate' : '--out'} out, or check the file: chaos check ${fileWord(out ?? USUAL_FILE)}.`,
    )
  }
  if (rotates)
    throw new UserError(
      'usage',
      `--rotate starts another file, and --out ${out} is where a run's directory is made: name the file, such as --out ${USUAL_FILE}.`,
    )
  const seed = textOf(options, 'seed') ?? '1'
  const expect = textOf(options, 'expect')
  const upstreams = textsOf(options, 'upstream')
  const listens = textsOf(options, 'listen')
  return {
    table,
    client: textOf(options, 'client'),
    initial: textOf(options, 'initial'),
    model: textOf(options, 'model'),
    out: out ?? USUAL_OUT,
    expect: expect === undefined ? undefined : oneOf('expect', 'level', expect, [...levelNames(), 'none']),
    require: parseRequire(options),
    checkMs: parseDuration('check-timeout', textOf(options, 'check-timeout') ?? CHECK_TIMEOUT),
    events: parseEvents(options),
    seed: parseCount('seed', seed, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    servers: pairs.map(({ name }, i) => {
      const listen = listens[i]
      return { name, upstream: upstreams[i], ...(listen === undefined ? {} : { listen }) }
    }),
  }
}

/** A name with an ending is a file's, unless there is a directory of that name. */
const isFile = (out: string): boolean =>
  extname(out) !== '' && !out.endsWith('/') && statSync(out, { throwIfNoEntry: false })?.isDirectory() !== true

/** Any option about recording turns recording on. */
function parseRecord(options: ParsedOptions, pairs: readonly ProxyPair[]): RecordSettings | undefined {
  const out = textOf(options, 'out')
  const rotate = textOf(options, 'rotate')
  const model = textOf(options, 'model')
  const table = textOf(options, 'record')
  if (table === undefined && out === undefined) {
    if (rotate === undefined && model === undefined) return undefined
    throw new UserError(
      'usage',
      'Nothing is recorded: give --record with a route table, or --out for proxies of --config.',
    )
  }
  const carries = table === undefined ? undefined : recordedCarriage('--record', table, recordedMembers(options))
  return {
    out: out ?? USUAL_FILE,
    table,
    carries,
    model:
      model ?? modelOfCommands([...pairs.map(({ carries }) => carries), ...(carries === undefined ? [] : [carries])]),
    rotateBytes: rotate === undefined ? undefined : parseSize('rotate', rotate),
    force: flagOf(options, 'force'),
  }
}

/** The model that commands are recorded as, if it is the same for all proxies. */
function modelOfCommands(all: readonly (Carriage | undefined)[]): string | undefined {
  const models = new Set(all.map((carries) => (carries?.kind === 'spoken' ? carries.model : undefined)))
  const [model] = models
  return models.size === 1 ? model : undefined
}

function parseControl(options: ParsedOptions): string {
  const control = textOf(options, 'control')
  const host = textOf(options, 'host')
  const port = textOf(options, 'port')
  if (control === undefined) return checkedAddress('port', `${host ?? '127.0.0.1'}:${port ?? CONTROL_PORT}`)
  if (host !== undefined || port !== undefined)
    throw new UserError('usage', '--control says host and port at once: leave --host and --port out.')
  return checkedAddress('control', control)
}

/** The control interface can open ports and inject faults, so other machines need a token. */
function parseToken(options: ParsedOptions, control: string): string | undefined {
  const token = textOf(options, 'token') ?? process.env['CHAOS_TOKEN']
  if (token === '') throw new UserError('usage', '--token is empty: give it a text that others do not know.')
  if (token !== undefined || flagOf(options, 'open') || isPrivateListener(control)) return token
  throw new UserError(
    'usage',
    `--control ${control} can be reached from other machines: give a --token (or CHAOS_TOKEN), which every request must then bring, or say --open to answer anyone, as Toxiproxy does.`,
  )
}

const parseLog = (typed: string | undefined): LogFormat =>
  typed === undefined ? (process.stderr.isTTY ? 'pretty' : 'json') : oneOf('log', 'format', typed, ['json', 'pretty'])
