import { createRandom } from '@chaosproxy/faults'
import { type Json, type Millis, UserError } from '@chaosproxy/history'
import type { RespSettings, RouteTable } from '@chaosproxy/proxy'
import type { Carriage } from '@chaosproxy/proxy/control'
import { requireKnownFunctions } from '@chaosproxy/report'
import type { PlannedRun } from '@chaosproxy/runner'
import {
  type Command,
  commandText,
  type HurtServers,
  parseTrafficFaults,
  planRounds,
  type ReadFinally,
  readFinallyBy,
  type TrafficFaults,
  trafficWorkload,
  type Upstream,
  withFinal,
  wordsOf,
} from '@chaosproxy/targets'
import type { Workload } from '@chaosproxy/workloads'
import { type ChosenBaseline, parseBaselineOptions, requireSameRun } from '../arguments/baseline.ts'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration } from '../arguments/quantities.ts'
import { parseRequire } from '../arguments/require.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { parsePairs } from '../proxy/settings.ts'
import { checkTable } from '../proxy/table-functions.ts'
import { parseReporters, type ReporterChoice } from '../reporting/choice.ts'

/** A server that is already running, or the command that starts one. */
export type RecordedServer = Omit<Upstream, 'upstream'> &
  ({ readonly upstream: string } | { readonly command: Command })

/** The settings of `chaos record`. */
export interface RecordedCommand {
  readonly run: PlannedRun
  readonly servers: readonly RecordedServer[]
  readonly carries: Carriage
  readonly model: string | undefined
  readonly command: readonly [string, ...string[]]
  /** Environment variables, with placeholders for the proxies' addresses. */
  readonly environment: { readonly [name: string]: string }
  readonly mayFail: boolean
  readonly timeMs: Millis
  readonly timeoutMs: Millis
  readonly reporters: readonly ReporterChoice[]
  readonly verbose: boolean
  readonly events: string | undefined
  /** An earlier result that this one must not fall behind. */
  readonly baseline: ChosenBaseline | undefined
  readonly out: string
}

export const RECORD_DEFAULTS = { faults: 'none', time: '10m', timeout: '1s', checkTimeout: '60s' } as const

/** @throws UserError (usage, input) */
export function parseRecordSettings(options: ParsedOptions): RecordedCommand {
  const command = textsOf(options, '--')
  const [program, ...rest] = command
  if (program === undefined)
    throw new UserError(
      'usage',
      'chaos record needs the command whose traffic is to be recorded, after --: chaos record --upstream 127.0.0.1:8080 --as routes.json -- npm test',
    )
  const { servers, carries, table } = parseWays(options)
  const seed = parseCount('seed', textOf(options, 'seed') ?? Math.floor(Math.random() * 10_000), {
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
  })
  const timeMs = parseDuration('time', textOf(options, 'time') ?? RECORD_DEFAULTS.time)
  const timeoutMs = parseDuration('timeout', textOf(options, 'timeout') ?? RECORD_DEFAULTS.timeout)
  const faults = parseTrafficFaults(
    textOf(options, 'faults') ?? RECORD_DEFAULTS.faults,
    hurtServers(options, servers, carries),
  )
  const wanted = textOf(options, 'model')
  const workload = workloadFor(carries, wanted, table)
  const run = planOf(options, { servers, workload, faults, seed, timeMs, timeoutMs, command, carries, table })
  const baseline = parseBaselineOptions(options)
  if (baseline !== undefined) requireSameRun(baseline, run)
  return {
    run,
    baseline,
    servers,
    carries,
    model: wanted,
    command: [program, ...rest],
    environment: parseEnvironment(textsOf(options, 'env')),
    mayFail: flagOf(options, 'may-fail'),
    timeMs,
    timeoutMs,
    reporters: parseReporters(options, 'run'),
    verbose: flagOf(options, 'verbose'),
    events: textOf(options, 'events'),
    out: textOf(options, 'out') ?? 'chaos-results',
  }
}

interface Ways {
  readonly servers: readonly RecordedServer[]
  /** The protocol of the recorded servers. */
  readonly carries: Carriage
  /** The path of the route table, or the name of a protocol that needs none. */
  readonly table: string
}

/** The protocol of servers that get faults but are not recorded. */
const BYTES = 'tcp'

function parseWays(options: ParsedOptions): Ways {
  const given = textsOf(options, 'as')
  const tables = [...new Set(given.filter((each) => each !== BYTES))]
  const [table, another] = tables
  if (table === undefined)
    throw new UserError(
      'usage',
      given.length > 0
        ? 'With --as tcp alone nothing is recorded. Give a file with a route table, or resp, for at least one server.'
        : 'chaos record needs --as: a file with a route table (HTTP; chaos routes schema tells how they are written), or resp (Redis).',
    )
  if (another !== undefined)
    throw new UserError(
      'usage',
      `--as ${table} and --as ${another}: one table says what is recorded. Servers that are only hurt are --as tcp.`,
    )
  const started = textsOf(options, 'serve').map((text) => wordsOf(text, '--serve'))
  const upstreams = textsOf(options, 'upstream')
  const pairs = parsePairs({
    ...options,
    record: table,
    // A placeholder: the address is known once the server has started.
    upstream: [...upstreams, ...started.map(() => '127.0.0.1:1')],
  })
  const [first] = pairs
  if (first === undefined)
    throw new UserError(
      'usage',
      'chaos record needs --upstream host:port, once for each server that the command talks to, or --serve with a command that starts one.',
    )
  if (given.length > 1 && given.length !== pairs.length)
    throw new UserError(
      'usage',
      `--as is given ${given.length} times for ${pairs.length} servers: give it once for all of them, or once for each.`,
    )
  const { carries } = first
  if (carries === undefined || (carries.kind === 'http' && carries.table === undefined) || carries.kind === 'messages')
    throw new UserError(
      'usage',
      `--as ${table}: nothing of that can be recorded. Give a file with a route table, or resp.`,
    )
  const servers = pairs.map(({ name, listen, upstream, tls }, i): RecordedServer => {
    const words = started[i - upstreams.length]
    const server = { name, listen, isRecorded: given[given.length === 1 ? 0 : i] !== BYTES, tls }
    return words === undefined ? { ...server, upstream } : { ...server, command: { words } }
  })
  return { servers, carries: withFinal(carries), table }
}

/** The servers that faults are injected into, grouped by what they can suffer. */
function hurtServers(
  options: ParsedOptions,
  servers: readonly RecordedServer[],
  carries: Carriage,
): readonly HurtServers[] {
  const names = servers.map(({ name }) => name)
  const chosen =
    textOf(options, 'hurt')
      ?.split(',')
      .map((name) => oneOf('hurt', 'server', name.trim(), names)) ?? names
  const groups = new Map<string, HurtServers>()
  for (const server of servers) {
    const { name, isRecorded } = server
    if (!chosen.includes(name)) continue
    const areOurs = 'command' in server
    const alike = groups.get(`${isRecorded} ${areOurs}`)
    groups.set(`${isRecorded} ${areOurs}`, {
      nodes: [...(alike?.nodes ?? []), name],
      carries: isRecorded ? carries : undefined,
      areOurs,
    })
  }
  return [...groups.values()]
}

function workloadFor(carries: Carriage, wanted: string | undefined, where: string): Workload {
  if (carries.kind === 'resp') {
    const { initial, commands } = carries
    return trafficWorkload({ functions: [], wanted: wanted ?? commands.model, initial: initialOf(initial), where })
  }
  const table: RouteTable | undefined = 'table' in carries ? carries.table : undefined
  if (table === undefined) throw new Error('refused before')
  checkTable(table, where, wanted)
  const functions = table.routes.flatMap((route) => {
    if ('ignore' in route) return []
    return 'operations' in route ? route.operations.map(({ f }) => f) : [route.f]
  })
  return trafficWorkload({ functions: [...new Set(functions)], wanted, initial: initialOf(table.initial), where })
}

const initialOf = (initial: RouteTable['initial'] | RespSettings['initial']): Json =>
  typeof initial === 'object' && 'value' in initial ? initial.value : 'unknown'

interface Planning extends Ways {
  readonly workload: Workload
  readonly faults: TrafficFaults
  readonly seed: number
  readonly timeMs: Millis
  readonly timeoutMs: Millis
  readonly command: readonly string[]
}

function planOf(options: ParsedOptions, planning: Planning): PlannedRun {
  const { servers, workload, faults, seed, timeMs, timeoutMs, command, carries, table } = planning
  const kinds = faults.nemeses
  const typed = textOf(options, 'expect')
  const expect = typed === undefined ? undefined : oneOf('expect', 'level', typed, [...workload.levels, 'none'])
  const require = parseRequire(options)
  requireKnownFunctions(require ?? [], workload.model, workload.functions)
  const schedule = planRounds(faults, timeMs, createRandom(seed).fork('schedule'))
  const words = commandText({ words: command as readonly [string, ...string[]] })
  return {
    spec: {
      target: {
        name: 'record',
        settings: { command: words, upstreams: servers.map(whereOf).join(', ') },
      },
      workload: { name: 'traffic', settings: { as: table } },
      nodes: servers.length,
      clients: 0,
      rate: 0,
      timeMs,
      timeoutMs,
      faults: kinds.map(({ name }) => name),
      seed,
      expect,
      require,
      checkMs: parseDuration('check-timeout', textOf(options, 'check-timeout') ?? RECORD_DEFAULTS.checkTimeout),
    },
    target: {
      name: 'record',
      summary: 'servers and clients that somebody else started',
      defaultNodes: servers.length,
      settings: [],
      bugs: [],
      marks: false,
      tier: 'real',
      sessions: sessionsOf(carries),
      mapping: carries.kind === 'http' ? 'routes' : undefined,
      functions: () => workload.functions,
      promises: () => 'nothing',
      suffers: () => true,
      start: () => Promise.reject(new Error('what is recorded is started by its own command')),
    },
    workload,
    targetSettings: {},
    workloadSettings: {},
    nemeses: kinds,
    faultKinds: [...new Set(kinds.map(({ kind }) => kind))],
    schedule,
    expect: expect === undefined || expect === 'none' ? undefined : { level: expect, promised: false },
  }
}

const whereOf = (server: RecordedServer): string =>
  'command' in server ? commandText(server.command) : server.upstream

/** How sessions are named, for the history's header, which is written before anything is recorded. */
function sessionsOf(carries: Carriage): PlannedRun['target']['sessions'] {
  if (carries.kind === 'resp') return { by: carries.client ?? 'CLIENT SETNAME or AUTH', named: true }
  const client = 'table' in carries ? carries.table?.client : undefined
  return client === undefined ? { by: 'connection', named: false } : { by: client, named: true }
}

/** Parses assignments such as `REDIS_URL=redis://{n1}`. */
function parseEnvironment(typed: readonly string[]): { readonly [name: string]: string } {
  return Object.fromEntries(
    typed.map((assignment) => {
      const equals = assignment.indexOf('=')
      if (equals > 0) return [assignment.slice(0, equals), assignment.slice(equals + 1)]
      throw new UserError('usage', `--env ${assignment}: write NAME=value, such as REDIS_URL=redis://{n1}.`)
    }),
  )
}

/** How to make the final reads; undefined if that is unknown. */
export const finallyOf = ({ carries, run }: RecordedCommand): ReadFinally | undefined =>
  readFinallyBy(carries, String(run.spec.workload.settings['as']))
