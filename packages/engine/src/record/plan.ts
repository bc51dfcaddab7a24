import { createRandom } from '@chaosproxy/faults'
import { type Json, type Millis, UserError } from '@chaosproxy/history'
import type { Carriage } from '@chaosproxy/proxy/control'
import type { RespSettings } from '@chaosproxy/recorder/redis'
import type { RouteTable } from '@chaosproxy/recorder/routes'
import type { PlannedRun } from '@chaosproxy/runner'
import { requireKnownFunctions } from '@chaosproxy/runner/result'
import {
  commandText,
  type ProgramCommand,
  planRounds,
  type ReadFinally,
  readFinallyBy,
  type TrafficFaults,
  trafficWorkload,
  type Upstream,
} from '@chaosproxy/targets'
import type { Workload } from '@chaosproxy/workloads'
import { checkTable } from './table-functions.ts'

/** A server that is already running, or the command that starts one. */
export type RecordedServer = Omit<Upstream, 'upstream'> &
  ({ readonly upstream: string } | { readonly command: ProgramCommand })

/** A recording that is planned: servers behind proxies, and how what passes is read and judged. */
export interface Recorded {
  readonly run: PlannedRun
  readonly servers: readonly RecordedServer[]
  /** The protocol of the recorded servers. */
  readonly carries: Carriage
  readonly model: string | undefined
  /** How long a last read waits for its answer. */
  readonly timeoutMs: Millis
}

/** The recording of a command's traffic. */
export interface RecordedCommand extends Recorded {
  readonly command: readonly [string, ...string[]]
  /** Environment variables, with placeholders for the proxies' addresses. */
  readonly environment: { readonly [name: string]: string }
  readonly mayFail: boolean
  /** How long the command may run. */
  readonly timeMs: Millis
  /** Whether the time was given, so that the end of a command that lasts longer is no trouble. */
  readonly isTimeAsked: boolean
  /** Where what it prints goes. */
  readonly prints: 'stdout' | 'stderr'
}

/** What is recorded, and what it is held to. */
export interface RecordingTerms extends Pick<Recorded, 'servers' | 'carries' | 'model' | 'timeoutMs'> {
  /** The path of the route table, or the name of a protocol that needs none. */
  readonly as: string
  readonly workload: Workload
  readonly faults: TrafficFaults
  readonly seed: number
  readonly timeMs: Millis
  readonly checkMs: Millis
  /** A level of the workload, or `none`. */
  readonly expect: string | undefined
  readonly require: readonly string[] | undefined
  /** The clients, where one command is all of them. */
  readonly command: readonly [string, ...string[]]
}

/** @throws UserError (usage) that begins with `where`, for traffic of which nothing can be recorded. */
export function requireRecordable(where: string, carries: Carriage | undefined): Carriage {
  if (carries === undefined || (carries.kind === 'http' && carries.table === undefined) || carries.kind === 'messages')
    throw new UserError('usage', `${where}: nothing of that can be recorded. Give a file with a route table, or resp.`)
  return carries
}

/**
 * How recorded traffic is judged: by the wanted model, or by the one that its functions tell.
 *
 * @throws UserError (input) for a table that no model fits.
 */
export function recordedWorkload(carries: Carriage, wanted: string | undefined, where: string): Workload {
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

/** @throws UserError (usage) for a requirement that is of a function that is not recorded. */
export function planRecording(terms: RecordingTerms): PlannedRun {
  const { servers, workload, faults, seed, timeMs, timeoutMs, command, carries, expect, require } = terms
  const kinds = faults.nemeses
  requireKnownFunctions(require ?? [], workload.model, workload.functions)
  const schedule = planRounds(faults, timeMs, createRandom(seed).fork('schedule'))
  const words = commandText({ words: command })
  return {
    spec: {
      target: {
        name: 'record',
        settings: { command: words, upstreams: servers.map(whereOf).join(', ') },
      },
      workload: { name: 'traffic', settings: { as: terms.as } },
      nodes: servers.length,
      clients: 0,
      rate: 0,
      timeMs,
      timeoutMs,
      faults: kinds.map(({ name }) => name),
      seed,
      expect,
      require,
      checkMs: terms.checkMs,
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

/** How to make the final reads; undefined if that is unknown. */
export const finallyOf = ({ carries, run }: Pick<Recorded, 'carries' | 'run'>): ReadFinally | undefined =>
  readFinallyBy(carries, String(run.spec.workload.settings['as']))
