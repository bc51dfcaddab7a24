import { levelNames } from '@chaosproxy/checker'
import { type NamedRegistries, recordingSpec, USUAL_OUT } from '@chaosproxy/engine'
import { UserError } from '@chaosproxy/history'
import { planRun, type TrafficServer, type TrafficSpec } from '@chaosproxy/runner'
import { wordsOf } from '@chaosproxy/targets'
import { parseBaselineOptions, requireSameRun } from '../arguments/baseline.ts'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration } from '../arguments/quantities.ts'
import { parseRequire } from '../arguments/require.ts'
import { parseUi } from '../arguments/ui.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { parsePairs } from '../proxy/settings.ts'
import { isSilent, parseReporters } from '../reporting/choice.ts'
import { parseEvents } from '../run/event-file.ts'
import type { RunSettings } from '../run/settings.ts'
import { shownRecordings } from './shown-recordings.ts'

export const RECORD_DEFAULTS = { faults: 'none', time: '10m', timeout: '1s', checkTimeout: '60s' } as const

/** The settings of `chaos record`, which are those of a run. @throws UserError (usage, input) */
export async function parseRecordSettings(
  options: ParsedOptions,
  registries: NamedRegistries,
): Promise<Omit<RunSettings, 'again'>> {
  const command = textsOf(options, '--')
  if (command.length === 0)
    throw new UserError(
      'usage',
      'chaos record needs the command whose traffic is to be recorded, after --: chaos record --upstream 127.0.0.1:8080 --as routes.json -- npm test',
    )
  const faults = textOf(options, 'faults') ?? RECORD_DEFAULTS.faults
  const expect = textOf(options, 'expect')
  const spec = recordingSpec({
    traffic: trafficOf(options, command),
    faults: faults === 'none' ? [] : faults.split(',').map((name) => name.trim()),
    seed: parseCount('seed', textOf(options, 'seed') ?? Math.floor(Math.random() * 10_000), {
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
    }),
    timeMs: parseDuration('time', textOf(options, 'time') ?? RECORD_DEFAULTS.time),
    timeoutMs: parseDuration('timeout', textOf(options, 'timeout') ?? RECORD_DEFAULTS.timeout),
    checkMs: parseDuration('check-timeout', textOf(options, 'check-timeout') ?? RECORD_DEFAULTS.checkTimeout),
    expect: expect === undefined ? undefined : oneOf('expect', 'level', expect, [...levelNames(), 'none']),
    require: parseRequire(options),
  })
  const reporters = parseReporters(options, 'run')
  const traffic = shownRecordings(isSilent(reporters) ? 'stderr' : 'stdout')
  const run = await planRun(spec, { ...registries, traffic }, 'chaos record')
  const baseline = parseBaselineOptions(options)
  if (baseline !== undefined) requireSameRun(baseline, run)
  return {
    ...{ run, baseline, reporters },
    verifyDeterminism: false,
    verbose: flagOf(options, 'verbose'),
    events: parseEvents(options),
    ui: parseUi(options, run, 1),
    out: textOf(options, 'out') ?? USUAL_OUT,
  }
}

/** The protocol of servers that get faults but are not recorded. */
const BYTES = 'tcp'

function trafficOf(options: ParsedOptions, command: readonly string[]): TrafficSpec {
  const hurt = textOf(options, 'hurt')
  const environment = parseEnvironment(textsOf(options, 'env'))
  const said = {
    client: textOf(options, 'client'),
    initial: textOf(options, 'initial'),
    model: textOf(options, 'model'),
    hurt: hurt?.split(',').map((name) => name.trim()),
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
    mayFail: flagOf(options, 'may-fail') || undefined,
    endsInTime: textOf(options, 'time') !== undefined || undefined,
  }
  const given = Object.entries(said).filter(([, value]) => value !== undefined)
  return { as: tableIn(options), servers: serversIn(options), ...Object.fromEntries(given), command }
}

/** The path of the route table, or the name of a protocol that needs none. */
function tableIn(options: ParsedOptions): string {
  const given = textsOf(options, 'as')
  const [table, another] = [...new Set(given.filter((each) => each !== BYTES))]
  if (table === undefined)
    throw new UserError(
      'usage',
      given.length > 0
        ? 'With --as tcp alone nothing is recorded. Give a file with a route table, resp, or {"kind":"postgresql","table":"kv"} for at least one server.'
        : 'chaos record needs --as: a file with a route table (HTTP; chaos routes schema tells how they are written), resp (Redis), or {"kind":"postgresql","table":"kv"}.',
    )
  if (another !== undefined)
    throw new UserError(
      'usage',
      `--as ${table} and --as ${another}: one table says what is recorded. Servers that are only hurt are --as tcp.`,
    )
  return table
}

/** The servers that are running first, then those that the run starts. */
function serversIn(options: ParsedOptions): readonly TrafficServer[] {
  const started = textsOf(options, 'serve').map((text) => wordsOf(text, '--serve'))
  const upstreams = textsOf(options, 'upstream')
  const listens = textsOf(options, 'listen')
  const given = textsOf(options, 'as')
  const pairs = parsePairs({
    ...{ name: options['name'], listen: options['listen'] },
    // A placeholder: the address is known once the server has started.
    upstream: [...upstreams, ...started.map(() => '127.0.0.1:1')],
  })
  if (pairs.length === 0)
    throw new UserError(
      'usage',
      'chaos record needs --upstream host:port, once for each server that the command talks to, or --serve with a command that starts one.',
    )
  if (given.length > 1 && given.length !== pairs.length)
    throw new UserError(
      'usage',
      `--as is given ${given.length} times for ${pairs.length} servers: give it once for all of them, or once for each.`,
    )
  return pairs.map(({ name }, i): TrafficServer => {
    const upstream = upstreams[i]
    const listen = listens[i]
    return {
      name,
      ...(listen === undefined ? {} : { listen }),
      ...(upstream === undefined ? { serve: started[i - upstreams.length] } : { upstream }),
      ...(given[given.length === 1 ? 0 : i] === BYTES ? { recorded: false } : {}),
    }
  })
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
