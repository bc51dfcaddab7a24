import type { ChosenBaseline } from '@chaosproxy/engine'
import {
  planRecording,
  type RecordedCommand,
  type RecordedServer,
  recordedWorkload,
  requireRecordable,
  USUAL_OUT,
} from '@chaosproxy/engine'
import { UserError } from '@chaosproxy/history'
import type { Carriage } from '@chaosproxy/proxy/control'
import { type HurtServers, parseTrafficFaults, withFinal, wordsOf } from '@chaosproxy/targets'
import { parseBaselineOptions, requireSameRun } from '../arguments/baseline.ts'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration } from '../arguments/quantities.ts'
import { parseRequire } from '../arguments/require.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { parsePairs } from '../proxy/settings.ts'
import { isSilent, parseReporters, type ReporterChoice } from '../reporting/choice.ts'
import { parseEvents } from '../run/event-file.ts'

/** The settings of `chaos record`. */
export interface RecordSettings {
  readonly recorded: RecordedCommand
  readonly reporters: readonly ReporterChoice[]
  readonly verbose: boolean
  readonly events: string | undefined
  /** An earlier result that this one must not fall behind. */
  readonly baseline: ChosenBaseline | undefined
  readonly out: string
}

export const RECORD_DEFAULTS = { faults: 'none', time: '10m', timeout: '1s', checkTimeout: '60s' } as const

/** @throws UserError (usage, input) */
export function parseRecordSettings(options: ParsedOptions): RecordSettings {
  const [program, ...rest] = textsOf(options, '--')
  if (program === undefined)
    throw new UserError(
      'usage',
      'chaos record needs the command whose traffic is to be recorded, after --: chaos record --upstream 127.0.0.1:8080 --as routes.json -- npm test',
    )
  const command = [program, ...rest] as const
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
  const model = textOf(options, 'model')
  const workload = recordedWorkload(carries, model, table)
  const expect = textOf(options, 'expect')
  const run = planRecording({
    ...{ servers, carries, as: table, model, workload, faults, seed, timeMs, timeoutMs, command },
    checkMs: parseDuration('check-timeout', textOf(options, 'check-timeout') ?? RECORD_DEFAULTS.checkTimeout),
    expect: expect === undefined ? undefined : oneOf('expect', 'level', expect, [...workload.levels, 'none']),
    require: parseRequire(options),
  })
  const baseline = parseBaselineOptions(options)
  if (baseline !== undefined) requireSameRun(baseline, run)
  const reporters = parseReporters(options, 'run')
  return {
    recorded: {
      ...{ run, servers, carries, model, timeMs, timeoutMs, command },
      isTimeAsked: textOf(options, 'time') !== undefined,
      environment: parseEnvironment(textsOf(options, 'env')),
      mayFail: flagOf(options, 'may-fail'),
      prints: isSilent(reporters) ? 'stderr' : 'stdout',
    },
    baseline,
    reporters,
    verbose: flagOf(options, 'verbose'),
    events: parseEvents(options),
    out: textOf(options, 'out') ?? USUAL_OUT,
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
  const carries = requireRecordable(`--as ${table}`, first.carries)
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
