import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Event, historyFromEvents, millis } from '@chaosproxy/history'
import {
  currentLeader,
  type Played,
  type PlayOptions,
  playScenario,
  type Scenario,
  swapNodes,
} from '@chaosproxy/runner'
import { firstLeader } from '@chaosproxy/simulator'
import { type EmbeddedCluster, startEmbeddedCluster } from '@chaosproxy/targets'
import { explain, type Shown } from '../fuzz/show.ts'
import { type SubjectName, subjectOf, workloadNamed } from '../fuzz/subject-name.ts'
import { type Interrupts, unlessInterrupted } from '../run/interrupts.ts'

const QUIET_MS = millis(5_000)

/**
 * Replays a scenario on a fresh cluster of processes. Operations and faults keep their times, and the current leader
 * takes the part of the recorded first leader. Everything else depends on the machine, so it may take several tries.
 * Undefined if interrupted: an unfinished replay shows nothing.
 *
 * @throws UserError (environment) if the cluster does not start.
 */
export async function playForReal(
  subject: SubjectName,
  recorded: Scenario,
  interrupts: Interrupts,
): Promise<Shown | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-replay-'))
  const shown = await playIn(directory, subject, recorded, interrupts)
  // Kept if the cluster does not start, since the error refers to its logs.
  rmSync(directory, { recursive: true, force: true })
  return shown
}

async function playIn(
  directory: string,
  subject: SubjectName,
  recorded: Scenario,
  interrupts: Interrupts,
): Promise<Shown | undefined> {
  const { target, bug, knobs, level } = subject
  const workload = await workloadNamed(subject.workload)
  const leaderThen = firstLeader(await subjectOf(subject), recorded)
  const cluster = await unlessInterrupted(interrupts, (signal) =>
    startEmbeddedCluster({
      protocol: target,
      bug,
      knobs,
      nodes: recorded.nodes,
      dataDir: join(directory, 'data'),
      logDir: join(directory, 'nodes'),
      seed: recorded.seed,
      signal,
    }),
  )
  if (cluster === undefined) return undefined
  const leaderNow = currentLeader(cluster)
  const scenario =
    leaderThen === undefined || leaderNow === undefined ? recorded : swapNodes(recorded, leaderThen, leaderNow)
  const events: Event[] = []
  const played = await playOn(cluster, { scenario, workload }, events, interrupts)
  return (
    played &&
    explain({
      level,
      workload,
      scenario: { ...scenario, faults: played.faults },
      history: historyFromEvents(events),
      events,
      records: played.records,
      trouble: [...played.trouble, ...cluster.trouble()],
      log: [],
      failure: undefined,
    })
  )
}

/** Resolves once the cluster has stopped. */
async function playOn(
  cluster: EmbeddedCluster,
  what: Pick<PlayOptions, 'scenario' | 'workload'>,
  events: Event[],
  interrupts: Interrupts,
): Promise<Played | undefined> {
  try {
    return await new Promise<Played | undefined>((resolve, reject) => {
      cluster.onBroken(reject)
      interrupts.onInterrupt(() => resolve(undefined))
      playScenario({ cluster, ...what, sink: { append: (event) => events.push(event) }, quietMs: QUIET_MS }, resolve)
    })
  } finally {
    await new Promise<void>((resolve) => cluster.stop(resolve))
  }
}
