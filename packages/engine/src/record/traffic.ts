import { isDeepStrictEqual } from 'node:util'
import { inputError, type Json, type Millis, millis, parseJson, usageError } from '@chaosproxy/history'
import { type Carriage, parseEnd, tlsBetween } from '@chaosproxy/proxy/control'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import { recordedExamples } from '@chaosproxy/recorder/protocols'
import { initialIn } from '@chaosproxy/recorder/routes'
import {
  type ObservedParts,
  type Registries,
  RUN_DEFAULTS,
  type RunDraft,
  type RunSpec,
  type TrafficRunSpec,
  type TrafficSpec,
} from '@chaosproxy/runner'
import {
  type AffectedServers,
  checkTable,
  commandClients,
  type OpenProxies,
  type OpenTraffic,
  type RecordedServer,
  type TrafficClients,
  trafficTarget,
  trafficWorkload,
  withFinal,
} from '@chaosproxy/targets'
import { RECORDING } from '@chaosproxy/targets/named'
import type { Workload } from '@chaosproxy/workloads'
import { knownName } from '../known-name.ts'
import { recordedCarriage } from './carriage.ts'

interface TrafficOptions {
  readonly clients: TrafficClients
  /** Whether the proxies open ports; true by default. */
  readonly listens?: boolean | undefined
  /** The distinct ways in which the proxies read traffic; given only if the spec does not contain them. */
  readonly carried?: readonly Carriage[] | undefined
  readonly open?: OpenProxies | undefined
  /** Returns the name that messages use for a setting: `--as` for the setting `as`. */
  readonly called: (member: 'as' | 'initial') => string
}

/**
 * The target and the workload of a recording.
 *
 * @throws UserError (usage, input) for traffic that cannot be recorded.
 */
export function trafficParts(
  { target: { traffic } }: Pick<TrafficRunSpec, 'target'>,
  { clients, listens, carried = [], open, called }: TrafficOptions,
): ObservedParts {
  const { as, client, initial, model } = traffic
  const start = initial === undefined ? undefined : parseInitial(called('initial'), initial)
  const [first, ...more] = carried
  const read = first ?? recordedCarriage(called('as'), as, { client, initial: start, model })
  const carries = withFinal(requireRecordable(`${called('as')} ${as}`, read))
  const others = first === undefined ? undefined : more
  const workload = recordedWorkload([carries, ...more], model, as)
  const servers = serversOf(traffic, carries).map((server) => ({ ...server, listens }))
  const affected = affectedServers(traffic, servers, carries)
  return { workload, target: trafficTarget({ servers, carries, others, as, model, clients, open, workload, affected }) }
}

/** The settings that a recording's run shares with other runs. */
export interface RecordingDraft extends Omit<RunDraft, 'target' | 'workload'> {
  readonly seed: number
  readonly timeMs: number
}

/** The spec of a recording's run. */
export const recordingSpec = (
  traffic: TrafficSpec,
  { timeMs, timeoutMs = RUN_DEFAULTS.timeoutMs, checkMs = RUN_DEFAULTS.checkMs, faults = [], ...draft }: RecordingDraft,
): RunSpec => ({
  ...draft,
  target: { name: RECORDING, settings: {}, traffic },
  workload: { name: 'traffic', settings: {} },
  ...{ nodes: traffic.servers.length, clients: 0, rate: 0, faults },
  ...{ timeMs: millis(timeMs), timeoutMs: millis(timeoutMs), checkMs: millis(checkMs) },
})

interface RecordingOptions {
  /** Where to print the output of the clients' command. */
  readonly prints: 'stdout' | 'stderr'
  /** Called with the open proxies if the recording has no command that starts the clients. */
  readonly onListening: (proxies: OpenTraffic['proxies']) => void
}

/**
 * Returns a function that resolves the names in the spec of a recording. If the spec has a command, only the clients of
 * this command are recorded. Otherwise, all clients that connect are recorded.
 */
export const recordingsOf =
  ({ prints, onListening }: RecordingOptions): NonNullable<Registries['traffic']> =>
  (spec) => {
    const { environment = {}, mayFail = false, endsInTime = false, command = [], again } = spec.target.traffic
    if (again !== undefined)
      throw inputError(
        `target.traffic: a spec cannot repeat this recording, because parts of it are not in the spec. Record again: ${again}`,
      )
    const { timeMs } = spec
    const [program, ...rest] = command
    const clients =
      program === undefined
        ? visitors({ timeMs: endsInTime ? timeMs : undefined, onListening })
        : commandClients({ command: [program, ...rest], environment, mayFail, endsInTime, prints, timeMs })
    return trafficParts(spec, { clients, called: (member) => `--${member}` })
  }

/** @throws UserError (usage) if this kind of traffic cannot be recorded. The message begins with `where`. */
function requireRecordable(where: string, carries: Carriage): Carriage {
  if ((carries.kind === 'http' && carries.table === undefined) || carries.kind === 'messages')
    throw usageError(
      `${where}: traffic of this kind cannot be recorded. Give a file with a route table, or a protocol, such as ${recordedExamples()}.`,
    )
  return carries
}

/**
 * Reads `unknown`, `read`, or the JSON of a value.
 *
 * @throws UserError (usage) whose message begins with `asker`
 */
export function parseInitial(asker: string, typed: string): unknown {
  if (typed === 'unknown' || typed === 'read') return typed
  try {
    return { value: parseJson(typed) }
  } catch {
    throw usageError(
      `${asker} ${typed}: this is not JSON. Give unknown, read, or a JSON value such as null, 0 or '"a"'.`,
    )
  }
}

/**
 * Returns the model that judges recorded traffic: the requested model, or the one that fits the functions.
 *
 * @throws UserError (input) if no model fits a table, (usage) if no single model fits all of several tables.
 */
export function recordedWorkload(
  ways: readonly Carriage[],
  requestedModel: string | undefined,
  where: string,
): Workload {
  const wanted = requestedModel ?? modelOfSpoken(ways, where)
  const functions = ways.flatMap((carries) => {
    if (carries.kind === 'spoken') return []
    const table: RouteTable | undefined = 'table' in carries ? carries.table : undefined
    if (table === undefined) throw new Error('refused before')
    checkTable(table, where, wanted)
    return table.routes.flatMap((route) => {
      if ('ignore' in route) return []
      return 'operations' in route ? route.operations.map(({ f }) => f) : [route.f]
    })
  })
  return trafficWorkload({ functions: [...new Set(functions)], wanted, initial: initialOfAll(ways), where })
}

/** @throws UserError (usage) if the traffic has several models. */
function modelOfSpoken(ways: readonly Carriage[], where: string): string | undefined {
  const [model, other] = new Set(ways.flatMap((carries) => (carries.kind === 'spoken' ? [carries.model] : [])))
  if (other === undefined) return model
  throw usageError(
    `${where}: one proxy records the model ${model} and another the model ${other}, but a run has a single model. Run chaos proxy once for each model, or record both in one history file: --out history.jsonl.`,
  )
}

function initialOfAll(ways: readonly Carriage[]): Json {
  const initials = ways.map((carries) => {
    if (carries.kind === 'spoken') return initialIn(carries.initial)
    return 'table' in carries && carries.table !== undefined ? initialIn(carries.table.initial) : 'unknown'
  })
  const [initial = 'unknown'] = initials
  return initials.every((each) => isDeepStrictEqual(each, initial)) ? initial : 'unknown'
}

function serversOf({ servers }: TrafficSpec, carries: Carriage): readonly RecordedServer[] {
  const names = servers.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw usageError(`--name ${twice} is given twice. Give each server its own name.`)
  return servers.map(({ name, listen = '127.0.0.1:0', upstream, serve = [], recorded = true }): RecordedServer => {
    const here = parseEnd('listen', listen)
    // `127.0.0.1:1` stands for the unknown address of a server that is not started yet.
    const there = parseEnd('upstream', upstream ?? '127.0.0.1:1')
    const tls = tlsBetween(here, there, carries)
    const server = { name, listen: here.address, isRecorded: recorded, tls }
    const [program, ...rest] = serve
    return program === undefined
      ? { ...server, upstream: there.address }
      : { ...server, command: { words: [program, ...rest] } }
  })
}

/** Returns the servers that faults are injected into, grouped by the faults that they support. */
function affectedServers(
  { hurt }: TrafficSpec,
  servers: readonly RecordedServer[],
  carries: Carriage,
): readonly AffectedServers[] {
  const names = servers.map(({ name }) => name)
  const chosen = hurt?.map((name) => knownName(`--hurt ${name}`, 'server', name, names)) ?? names
  const groups = new Map<string, AffectedServers>()
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

interface VisitorOptions {
  readonly timeMs?: Millis | undefined
  readonly onListening: (proxies: OpenTraffic['proxies']) => void
}

/** The clients of a recording without a command: all that connect. */
const visitors = ({ timeMs, onListening }: VisitorOptions): TrafficClients => ({
  areStarted: false,
  areCutOff: true,
  howToUseIt: 'Clients must connect to the address of the proxy: nothing redirects them to it.',
  async begin({ proxies }) {
    onListening(proxies)
    let timer: NodeJS.Timeout | undefined
    const gone = new Promise<void>((resolve) => {
      if (timeMs !== undefined) timer = setTimeout(resolve, timeMs)
    })
    return {
      gone,
      async end() {
        clearTimeout(timer)
        return []
      },
    }
  },
})
