import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import { type Event, historyFromEvents, type Input, millis } from '@chaosproxy/history'
import {
  type Client,
  type Cluster,
  currentLeader,
  type Played,
  type PlayOptions,
  playScenario,
  requestedOperations,
  type Scenario,
  type StartedCluster,
  type StartOptions,
  swapNodes,
} from '@chaosproxy/runner'
import { firstLeader, unrecovered } from '@chaosproxy/simulator'
import { startEmbeddedCluster } from '@chaosproxy/targets'
import { settingsFor, type Workload } from '@chaosproxy/workloads'
import { unlessInterrupted, whenAborted } from '../jobs/interruption.ts'
import { isService, parseServiceReference } from '../references/services.ts'
import type { PlayedScenario } from './play.ts'
import { processesTarget } from './service-processes.ts'
import type { SubjectName } from './subject-name.ts'
import type { Scene } from './world.ts'

const QUIET_MS = millis(5_000)
/** The time for recovery. It is long, because a real machine may be busy. */
const RECOVERY_MS = millis(30_000)

export interface RealPlay {
  /** The scenario with the current leader in place of the recorded leader. */
  readonly scenario: Scenario
  readonly exchanged: readonly [NodeId, NodeId] | undefined
  readonly played: Played
  readonly events: readonly Event[]
  readonly trouble: readonly string[]
}

/**
 * Plays a scenario on a fresh cluster. Undefined if interrupted, because an unfinished play shows nothing.
 *
 * @throws UserError (environment) if the cluster does not start.
 */
export async function playForReal(
  { subject, searched, interrupted }: Scene,
  recorded: Scenario,
): Promise<PlayedScenario | undefined> {
  const simulated = await searched()
  const { workload } = simulated
  const leader = firstLeader(simulated, recorded)
  // The first requests to a program are slow.
  const warm = isService(subject.target)
  const play = await playOnProcesses(subject, { scenario: recorded, workload, leader, warm }, interrupted)
  if (play === undefined) return undefined
  const history = historyFromEvents(play.events)
  const stopped = unrecovered(simulated, play.scenario, history, play.played)
  return {
    level: subject.level,
    workload,
    // Real processes have their own delays, and do not hold requests.
    scenario: { ...play.scenario, faults: play.played.faults, delays: undefined, holds: undefined },
    history,
    events: play.events,
    records: play.played.records,
    trouble: play.trouble,
    log: [],
    failure: undefined,
    otherwise: stopped?.kind === 'unrecovered' ? stopped : undefined,
  }
}

interface Part {
  readonly scenario: Scenario
  readonly workload: Workload
  readonly leader: NodeId | undefined
  /** Whether to read from all nodes before the scenario, until they answer fast. */
  readonly warm: boolean
}

/**
 * Plays a scenario on a fresh cluster of processes, with the same operations and faults at the same times. The current
 * leader replaces the recorded leader. Undefined if interrupted.
 *
 * @throws UserError (environment) if the cluster does not start.
 */
export async function playOnProcesses(
  system: Pick<SubjectName, 'target' | 'bug' | 'targetSettings'>,
  part: Part,
  interrupted: AbortSignal,
): Promise<RealPlay | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-replay-'))
  const play = await playIn(directory, system, part, interrupted)
  // Not reached if the cluster does not start: the directory is then kept, because the error refers to its logs.
  rmSync(directory, { recursive: true, force: true })
  return play
}

async function playIn(
  directory: string,
  system: Pick<SubjectName, 'target' | 'bug' | 'targetSettings'>,
  { scenario: recorded, workload, leader: leaderThen, warm }: Part,
  interrupted: AbortSignal,
): Promise<RealPlay | undefined> {
  const start = isService(system.target) ? startProcesses : startNodes
  const cluster = await unlessInterrupted(interrupted, (signal) =>
    start(system, {
      ...{ scenario: recorded, workload, signal },
      dataDir: join(directory, 'data'),
      logDir: join(directory, 'nodes'),
    }),
  )
  if (cluster === undefined) return undefined
  if (warm) await warmUp(cluster, workload, interrupted)
  const leaderNow = currentLeader(cluster)
  const exchanged =
    leaderThen === undefined || leaderNow === undefined || leaderThen === leaderNow
      ? undefined
      : ([leaderThen, leaderNow] as const)
  const scenario = exchanged === undefined ? recorded : swapNodes(recorded, ...exchanged)
  const events: Event[] = []
  const played = await playOn(cluster, { scenario, workload }, events, interrupted)
  if (played === undefined) return undefined
  return { scenario, exchanged, played, events, trouble: [...played.trouble, ...cluster.trouble()] }
}

interface Begun extends Pick<StartOptions, 'dataDir' | 'logDir' | 'signal'> {
  readonly scenario: Scenario
  readonly workload: Workload
}

const startNodes = (
  { target, bug, targetSettings }: Pick<SubjectName, 'target' | 'bug' | 'targetSettings'>,
  { scenario: { nodes, seed }, workload: { object }, dataDir, logDir, signal }: Begun,
): Promise<StartedCluster> =>
  startEmbeddedCluster({
    protocol: target,
    bug,
    object,
    settings: targetSettings,
    nodes,
    seed,
    dataDir,
    logDir,
    signal,
  })

function startProcesses(
  { target }: Pick<SubjectName, 'target'>,
  { scenario, workload, dataDir, logDir, signal }: Begun,
): Promise<StartedCluster> {
  const { nodes, seed, settings, operations, timeoutMs } = scenario
  const lastMs = (operations.at(-1)?.at ?? 0) / 1e6
  const processes = processesTarget(parseServiceReference(target))
  return processes.start({
    ...{ nodes, seed, dataDir, logDir, signal, settings: settingsFor(processes), bug: undefined },
    object: workload.object,
    operations: requestedOperations(workload, settings),
    faults: [...new Set(scenario.faults.map(({ fault }) => fault.kind))],
    longestMs: millis(lastMs + operations.length * timeoutMs + RECOVERY_MS),
    rate: operations.length / Math.max(1, lastMs / 1_000),
  })
}

async function playOn(
  cluster: StartedCluster,
  what: Pick<PlayOptions, 'scenario' | 'workload'>,
  events: Event[],
  interrupted: AbortSignal,
): Promise<Played | undefined> {
  try {
    return await new Promise<Played | undefined>((resolve, reject) => {
      cluster.onBroken(reject)
      whenAborted(interrupted, () => resolve(undefined))
      playScenario(
        {
          ...what,
          cluster: { ...cluster, recoveryMs: () => RECOVERY_MS },
          sink: { append: (event) => events.push(event) },
          quietMs: QUIET_MS,
        },
        resolve,
      )
    })
  } finally {
    await new Promise<void>((resolve) => cluster.stop(resolve))
  }
}

const WARM_UP_KEY = 'warm-up'
const ROUNDS = 10
const SWIFT_MS = 60
const PAUSE_MS = 20
const LONGEST_MS = 10_000
const TIMEOUT_MS = millis(1_000)

/**
 * Reads from every node until all nodes answer fast under one leader. First requests are slow, and a busy machine's
 * first leader is often replaced. Gives up after a time limit.
 */
async function warmUp(cluster: Cluster, workload: Workload, interrupted: AbortSignal): Promise<void> {
  const [input] = workload.finale([WARM_UP_KEY]).filter(({ f }) => workload.reads.includes(f))
  const clients = cluster.nodes.map((node) => cluster.connect(node))
  const giveUpAt = performance.now() + LONGEST_MS
  let leader: NodeId | undefined
  let swift = 0
  while (swift < ROUNDS && performance.now() < giveUpAt && !interrupted.aborted) {
    const begunAt = performance.now()
    if (input !== undefined) await Promise.all(clients.map((client) => invokeOnce(client, input)))
    const isSwift = performance.now() - begunAt <= SWIFT_MS && currentLeader(cluster) === leader
    swift = isSwift ? swift + 1 : 0
    leader = currentLeader(cluster)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  for (const client of clients) client.close()
}

const invokeOnce = (client: Client, input: Input): Promise<void> =>
  new Promise((resolve) => client.invoke({ input, harmless: true }, TIMEOUT_MS, () => resolve()))
