import { statSync } from 'node:fs'
import { basename, extname } from 'node:path'
import type { Level } from '@chaosproxy/checker'
import { recordedCarriage, recordedWorkload } from '@chaosproxy/engine'
import { fileWord, findConfig, readTextFile, USUAL_OUT } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import type { PartsOptions } from '@chaosproxy/proxy'
import {
  type Carriage,
  type ControlOptions,
  carriageNames,
  checkedAddress,
  isPrivateListener,
} from '@chaosproxy/proxy/control'
import { count, duration, type RunDraft, runMembers, type TrafficServer } from '@chaosproxy/runner'
import * as v from 'valibot'
import {
  asCount,
  asDuration,
  asName,
  asRead,
  flag,
  inGroup,
  membersOf,
  onlyCommon,
  valuesOf,
  word,
  words,
} from '../arguments/declare.ts'
import { parseDuration, parseSize, printDuration, printSize } from '../arguments/quantities.ts'
import { judgingOptions, withImpliedLevel } from '../arguments/require.ts'
import { parseProxyUi, proxyUiOptions, type UiSettings } from '../arguments/ui.ts'
import { modelNameOf } from '../arguments/workload.ts'
import { flagOf, optionsOf, type ParsedOptions, textsOf } from '../command.ts'
import { type Closing, composeOptions, proxiedUpstreams, readComposed } from '../config/servers.ts'
import type { ValuesOf } from '../option.ts'
import { eventsOption, parseEvents } from '../run/event-file.ts'
import type { Use } from '../use.ts'
import { configuredTraffic, isRecordingDefined, recordedWays, type TrafficSettings } from './carried.ts'
import type { LogFormat } from './log.ts'
import { carriageOf, type ProxyPair, parsePairs, recordedMembers } from './pairs.ts'
import type { RecordSettings } from './recording.ts'
import { tokenOf } from './token.ts'

export interface ProxyCommandSettings {
  readonly pairs: readonly ProxyPair[]
  /** The settings for recording to plain files. */
  readonly record: RecordSettings | undefined
  /** The settings for recording a run in its own directory. */
  readonly run: RunRecording | undefined
  readonly configFile: string | undefined
  readonly control: string
  readonly token: string | undefined
  /** The TLS identity of the control interface; absent for plain HTTP. */
  readonly identity: ControlOptions['identity']
  /** Whether every client may use the whole control interface. */
  readonly isOpen: boolean
  readonly hostNames: readonly string[]
  readonly toxiproxy: boolean
  /** Whether to serve `GET /metrics` in Toxiproxy's interface. */
  readonly metrics: boolean
  readonly ui: UiSettings | undefined
  readonly seed: number | string
  readonly log: LogFormat
  /** The maximum time for connections to end after SIGTERM. */
  readonly drainMs: number
  /** When to end. */
  readonly timeMs: number | undefined
  readonly command: readonly string[]
}

export interface RunRecording {
  /** The file with the route table, or the name of a protocol; undefined if proxies define it. */
  readonly table: string | undefined
  readonly as: string
  /** The distinct ways in which proxies record traffic; empty if there is a `table`. */
  readonly carried: readonly Carriage[]
  readonly client: string | undefined
  readonly initial: string | undefined
  readonly model: string | undefined
  readonly out: string
  /** What judges it. */
  readonly draft: RunDraft
  readonly events: string | undefined
  readonly seed: number
  readonly servers: readonly TrafficServer[]
}

/** Toxiproxy's port, the default of its clients. */
const CONTROL_PORT = '8474'
const LOG_FORMATS = ['json', 'pretty'] as const
const USUAL_FILE = 'history.jsonl'
const USUAL_DIRECTORY = 'recording'
/** The maximum number of parts to keep. A larger number would be as good as no limit. */
const MOST_KEPT = 1_000_000
const LEAST_PART_BYTES = 1_000_000
const LEAST_PART_MS = 1_000
const DRAIN_MS = 5_000
const LONGEST_MS = 1_000 * 3_600_000

const declared = {
  ...inGroup('What is proxied', ['listen', 'upstream', 'carries', 'config'], {
    listen: words(
      'host:port or unix:/path to listen on; give one for each proxy; write https:// in front to speak TLS',
    ),
    upstream: words(
      'host:port or unix:/path to forward to; give one for each proxy; write https:// in front to speak TLS',
    ),
    ...composeOptions,
    name: words('name of a proxy; give one for each proxy', 'n1, n2, …'),
    carries: words(
      () =>
        `protocol of the traffic, so that faults can hit single requests and messages: ${carriageNames().join(', ')}; give it once, or once for each proxy`,
    ),
    config: word(
      'JSON file: an object with proxies, toxics, faults and partitions, or a list of proxies as for Toxiproxy',
    ),
  }),
  ...inGroup('What is recorded', ['record', 'out'], {
    record: word(
      'record the traffic of HTTP (give a JSON file with a route table), Redis (give resp), or PostgreSQL (give {"kind":"postgresql","table":"kv"})',
    ),
    client: word(
      '(with --record) what identifies a client, such as header.X-Client, peer.process, peer.address, connection',
    ),
    initial: word(
      '(with --record) initial value of the keys: a JSON value, the word read (ask the server), or the word unknown',
      'unknown',
    ),
    model: word('model by which to judge the recorded operations; chaos check --help lists the models'),
    out: word(
      'where to create the directory of a recording, or a plain file to write to instead, such as history.jsonl',
      USUAL_OUT,
    ),
    force: flag('overwrite an existing recording'),
    rotate: asRead(
      'write numbered parts to the directory of --out, and begin the next part after this size or time: 64MB, 1GB, 1h',
      parseRotation,
    ),
    compress: flag('(with --rotate) compress finished parts (gzip)'),
    keep: asCount(
      v.optional(
        count('(with --rotate) keep only this many of the newest parts, and every part with a violation', 2, MOST_KEPT),
      ),
      { usual: 'all' },
    ),
    ...eventsOption,
  }),
  ...inGroup('What must hold', [], {
    expect: asName(runMembers.expect, 'level', {
      text: `fail (exit 1) if the recording does not meet this level, such as ${'linearizable' satisfies Level}`,
      usual: 'only report',
      member: 'expect',
    }),
    ...onlyCommon(judgingOptions),
  }),
  ...inGroup('How it is controlled', ['toxiproxy'], {
    control: word('address of the control API', `127.0.0.1:${CONTROL_PORT}`),
    'control-cert': word(
      'PEM file with the certificate of the control API, which then speaks HTTPS; needs --control-key',
    ),
    'control-key': word('PEM file with the key of --control-cert'),
    host: word('host of the control API, instead of --control; Toxiproxy has the same option'),
    port: word('port of the control API, instead of --control; Toxiproxy has the same option'),
    token: word(
      'token that every control request must carry; with env:NAME, chaos reads the token from the variable NAME, and ps does not show it [default: the variable CHAOS_TOKEN]',
    ),
    open: flag('accept control requests from other machines even if no --token is given'),
    'host-name': words('(with --open) accept control requests whose Host is this public name; may be repeated'),
    toxiproxy: flag('also answer clients of Toxiproxy, on the port of --control'),
  }),
  ...inGroup('Metrics and log', [], {
    'proxy-metrics': flag('(with --toxiproxy) serve metrics at GET /metrics'),
    'runtime-metrics': flag('(with --toxiproxy) the same as --proxy-metrics: serve metrics at GET /metrics'),
    log: asName(v.optional(v.picklist(LOG_FORMATS)), 'format', {
      text: 'format of the log: json or pretty',
      usual: 'pretty on a terminal, json elsewhere',
    }),
  }),
  ...inGroup('How it is seen', [], proxyUiOptions),
  ...inGroup('How it runs', ['time'], {
    seed: word('the seed of every random choice', '1'),
    time: asDuration(v.optional(duration('stop after this duration', 0, LONGEST_MS)), { such: '500ms, 20s, 2m' }),
    'keep-host': flag(
      'send the Host header of the client, instead of the name of the server, to servers reached by TLS',
    ),
    drain: asDuration(
      v.optional(duration('after SIGTERM, wait this long for open connections to end', 0, LONGEST_MS)),
      { usual: '5s' },
    ),
  }),
}

export const use: Use<ProxyCommandSettings & Closing> = {
  name: 'proxy',
  positional: '',
  summary: 'stand between clients and servers: forward traffic, inject faults on demand, record operations',
  options: declared,
  examples: [
    ['chaos proxy --listen 127.0.0.1:6380 --upstream 127.0.0.1:6379', 'stand in front of a server'],
    ['chaos proxy --upstream 127.0.0.1:8080 --carries http', 'with faults for single requests'],
    ['chaos proxy --upstream 127.0.0.1:8080 --record routes.json', 'record an HTTP service'],
    ['chaos proxy --config proxies.json -- npm test', 'the proxies run only as long as the tests'],
    ['chaos proxy --toxiproxy', 'in place of Toxiproxy, on port 8474'],
  ],
  normalize: doubleDashes,
  async read(options) {
    // Proxies that `--config` or `--toxiproxy` defines do not use the configuration file of the current directory.
    const isPlain = options['config'] === undefined && !flagOf(options, 'toxiproxy')
    const loaded = isPlain ? await findConfig('.') : undefined
    return readComposed(options, (all) => parseProxySettings(proxiedUpstreams(all, loaded)))
  },
}

type Typed = ValuesOf<typeof declared>

/** @throws UserError (usage) */
export function parseProxySettings(options: ParsedOptions): ProxyCommandSettings {
  const typed = valuesOf(options, declared)
  const control = parseControl(typed)
  const pairs = parsePairs({ ...typed, keepHost: typed['keep-host'] })
  const runs = parseRun(options, typed, pairs)
  return {
    pairs,
    ...(runs === undefined ? { record: parseRecord(typed, pairs), run: undefined } : { record: undefined, run: runs }),
    configFile: typed.config,
    control,
    token: parseToken(typed, control),
    identity: readIdentity(typed),
    isOpen: typed.open,
    hostNames: typed['host-name'],
    toxiproxy: typed.toxiproxy,
    ui: parseProxyUi(options, runs !== undefined),
    metrics: typed['proxy-metrics'] || typed['runtime-metrics'],
    seed: typed.seed ?? 1,
    log: typed.log ?? (process.stderr.isTTY ? 'pretty' : 'json'),
    drainMs: typed.drain ?? DRAIN_MS,
    timeMs: typed.time,
    command: textsOf(options, '--'),
  }
}

const OF_RUN = ['require', 'check-timeout', 'events'] as const
/** Options for judging a history while it is recorded. With plain files, they require the level JUDGED_LEVEL. */
const HELD = ['expect', 'stop-on-violation'] as const
const JUDGED_LEVEL = 'linearizable' satisfies Level

/** Returns the settings of the recorded run; undefined for plain files, which `--out FILE` and rotation write. */
function parseRun(options: ParsedOptions, typed: Typed, pairs: readonly ProxyPair[]): RunRecording | undefined {
  const { record: table, out } = typed
  const rotates = typed.rotate !== undefined
  const inFiles = rotates || (out !== undefined && isFile(out))
  // The options that need a recorded run. A recording in plain files is judged only while it is written, and only by
  // JUDGED_LEVEL. So the options in HELD need a recorded run only if `--expect` names another level.
  const ofRun = inFiles && [undefined, JUDGED_LEVEL].includes(typed.expect) ? OF_RUN : [...HELD, ...OF_RUN]
  const judged = ofRun.find((name) => options[name] !== undefined && options[name] !== false)
  if (table === undefined && out === undefined && judged === undefined) return undefined
  if (inFiles && judged === undefined) return undefined
  const traffic = typedTraffic(typed, pairs)
  const carried = table === undefined ? recordedWays(traffic) : []
  const isRecorded = table !== undefined || carried.length > 0
  if (inFiles || !isRecorded) {
    if (judged === undefined) return undefined
    throw usageError(
      isRecorded
        ? `--${judged} needs a recording in a directory of its own. Omit ${rotates ? '--rotate' : '--out'}, or run chaos check ${fileWord(out ?? (rotates ? USUAL_DIRECTORY : USUAL_FILE))} after the recording.`
        : `--${judged} needs a recording: name the protocol of the traffic with --record.`,
    )
  }
  if (table === undefined) refuseMembers(typed)
  return {
    table,
    as: table ?? typed.config ?? [...new Set(typed.carries)].join(' '),
    carried,
    client: typed.client,
    initial: typed.initial,
    model: typed.model,
    out: out ?? USUAL_OUT,
    draft: withImpliedLevel(membersOf(typed, declared)),
    seed: asCount(v.optional(runMembers.seed, 1)).valueIn(options, 'seed'),
    events: parseEvents(options),
    servers: traffic.map((each) =>
      table === undefined && !isRecordingDefined(each) ? { ...each.server, recorded: false } : each.server,
    ),
  }
}

/** The settings of the configuration's proxies, followed by the settings of the command line. */
function typedTraffic(
  { config, carries: written, listen, upstream }: Typed,
  pairs: readonly ProxyPair[],
): readonly TrafficSettings[] {
  const typed = pairs.map(({ name, carries }, i): TrafficSettings => {
    const server = { name, upstream: upstream[i], listen: listen[i] }
    const text = written[written.length === 1 ? 0 : i]
    return { server, carries, written: text === undefined ? undefined : carriageOf(text) }
  })
  return config === undefined ? typed : [...configuredTraffic(config), ...typed]
}

/** @throws UserError (usage) if `--client` or `--initial` is given without `--record`. */
function refuseMembers(typed: Typed): void {
  const name = (['client', 'initial'] as const).find((member) => typed[member] !== undefined)
  if (name === undefined) return
  throw usageError(
    `--${name} works only with --record. Without --record, write "${name}" in ${typed.config === undefined ? '--carries' : `"carries" of the proxies in ${typed.config}`}.`,
  )
}

function parseRotation(typed: string, option: string): Pick<PartsOptions, 'bytes' | 'everyMs'> {
  const isTime = /[hms]$/.test(typed)
  if (!isTime && !/[KMG]?B$/.test(typed))
    throw usageError(
      `--${option} ${typed} is neither a size nor a time. Write a number and its unit, such as 64MB, 1GB, 30m or 1h.`,
    )
  const rotation = isTime ? { everyMs: parseDuration(option, typed) } : { bytes: parseSize(option, typed) }
  if ((rotation.bytes ?? LEAST_PART_BYTES) < LEAST_PART_BYTES || (rotation.everyMs ?? LEAST_PART_MS) < LEAST_PART_MS)
    throw usageError(
      `--${option} ${typed} is too small. Give at least ${isTime ? printDuration(LEAST_PART_MS) : printSize(LEAST_PART_BYTES)}, so that there are not too many parts.`,
    )
  return rotation
}

/** Whether `--out` names a file: it has an extension, and is no existing directory. */
const isFile = (out: string): boolean =>
  extname(out) !== '' && !out.endsWith('/') && statSync(out, { throwIfNoEntry: false })?.isDirectory() !== true

/** The recording settings. Any option about recording enables it. */
function parseRecord(typed: Typed, pairs: readonly ProxyPair[]): RecordSettings | undefined {
  const { out, rotate, model, record: table } = typed
  const needless = (['compress', 'keep'] as const).find(
    (name) => rotate === undefined && (typed[name] ?? false) !== false,
  )
  if (needless !== undefined)
    throw usageError(`--${needless} needs a recording in parts: say when a part ends, such as --rotate 1GB.`)
  if (table === undefined && out === undefined) {
    if (rotate === undefined && model === undefined) return undefined
    throw usageError(
      'Nothing is recorded: give --record with a route table. If the proxies are in the file of --config, give --out.',
    )
  }
  if (rotate !== undefined && out !== undefined && isFile(out))
    throw usageError(
      `--rotate writes numbered parts to a directory, and --out ${out} is a file: name the directory, such as --out ${basename(out, extname(out))}.`,
    )
  const carries = table === undefined ? undefined : recordedCarriage('--record', table, recordedMembers(typed))
  return {
    out: out ?? (rotate === undefined ? USUAL_FILE : USUAL_DIRECTORY),
    table,
    carries,
    model:
      model ??
      modelOfCommands([...pairs.map(({ carries }) => carries), ...(carries === undefined ? [] : [carries])]) ??
      modelOfTable(carries, `--record ${table}`),
    onViolation: typed['stop-on-violation'] === true ? 'stop' : typed.expect === JUDGED_LEVEL ? 'fail' : 'report',
    parts: rotate && { ...rotate, compress: typed.compress, keep: typed.keep },
    force: typed.force,
  }
}

/** The model of recorded commands, if all proxies share it. */
function modelOfCommands(all: readonly (Carriage | undefined)[]): string | undefined {
  const models = new Set(all.map((carries) => (carries?.kind === 'spoken' ? carries.model : undefined)))
  const [model] = models
  return models.size === 1 ? model : undefined
}

/**
 * The only model that fits a route table; undefined for a register, which is the default.
 *
 * @throws UserError (input, usage) if no model fits the table, or if several models fit.
 */
function modelOfTable(carries: Carriage | undefined, where: string): string | undefined {
  if (carries === undefined || !('table' in carries) || carries.table === undefined) return undefined
  const model = modelNameOf(recordedWorkload([carries], undefined, where))
  return model === 'register' ? undefined : model
}

function parseControl({ control, host, port }: Typed): string {
  if (control === undefined) return checkedAddress('--port', `${host ?? '127.0.0.1'}:${port ?? CONTROL_PORT}`)
  if (host !== undefined || port !== undefined)
    throw usageError('--control gives both host and port: leave --host and --port out.')
  return checkedAddress('--control', control)
}

/**
 * @throws UserError (usage) if only one of certificate and key is given, (usage, environment) if a file cannot be read.
 */
function readIdentity({ 'control-cert': certificate, 'control-key': key }: Typed): ControlOptions['identity'] {
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined || key === undefined)
    throw usageError(
      `--control-${key === undefined ? 'cert' : 'key'} needs --control-${key === undefined ? 'key' : 'cert'}: a certificate and its key belong together.`,
    )
  return { certificate: readTextFile('--control-cert', certificate), key: readTextFile('--control-key', key) }
}

/**
 * The token. Access from other machines requires one, because the control interface can open ports and inject faults.
 */
function parseToken(typed: Typed, control: string): string | undefined {
  const token = tokenOf(typed.token)
  if (token !== undefined || typed.open || isPrivateListener(control)) return token
  throw usageError(
    `--control ${control} can be reached from other machines. Give a --token (or CHAOS_TOKEN) that every request must have. To answer anyone, as Toxiproxy does, give --open.`,
  )
}

/** Accepts flags with a single dash, as Toxiproxy's server does. */
function doubleDashes(argv: readonly string[]): readonly string[] {
  const ours = optionsOf(argv)
  return [...ours.map((arg) => (GO_FLAG.test(arg) ? `-${arg}` : arg)), ...argv.slice(ours.length)]
}

const GO_FLAG = /^-(host|port|config|seed|proxy-metrics|runtime-metrics)(=.*)?$/
