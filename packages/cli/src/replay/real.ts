import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Event, historyFromEvents, millis, UserError } from '@chaos/history'
import { currentLeader, type Played, playScenario, type Scenario, swapNodes } from '@chaos/runner'
import { firstLeader } from '@chaos/simulator'
import { findTarget, startEmbeddedCluster } from '@chaos/targets'
import { explain, type Shown } from '../fuzz/show.ts'
import { type SubjectName, subjectOf } from '../fuzz/subject-name.ts'
import type { ProgressDisplay } from '../terminal/progress.ts'

const QUIET_MS = millis(5_000)

/**
 * Plays a scenario on a fresh cluster of processes. Its operations and faults come at the times it says, and whoever leads
 * has the part that the first leader had when it was recorded; what happens between them is the machine's own, so that it
 * may take several tries.
 *
 * @throws UserError (usage) for faults that processes cannot suffer, (environment) where the cluster does not start.
 */
export async function playForReal(subject: SubjectName, recorded: Scenario, progress: ProgressDisplay): Promise<Shown> {
  const { target, bug, knobs, level } = subject
  refuseImpossible(target, recorded)
  const leaderThen = firstLeader(await subjectOf(subject), recorded)
  const directory = mkdtempSync(join(tmpdir(), 'chaos-replay-'))
  try {
    const cluster = await startEmbeddedCluster({
      protocol: target,
      bug,
      knobs,
      nodes: recorded.nodes,
      dataDir: join(directory, 'data'),
      logDir: join(directory, 'nodes'),
      seed: recorded.seed,
    })
    const leaderNow = currentLeader(cluster)
    const scenario =
      leaderThen === undefined || leaderNow === undefined ? recorded : swapNodes(recorded, leaderThen, leaderNow)
    const events: Event[] = []
    let played: Played
    try {
      progress.update('playing on real processes')
      played = await new Promise<Played>((resolve) => {
        playScenario({ cluster, scenario, sink: { append: (event) => events.push(event) }, quietMs: QUIET_MS }, resolve)
      })
    } finally {
      await new Promise<void>((resolve) => cluster.stop(resolve))
    }
    for (const trouble of played.trouble) progress.warn(trouble)
    return explain({
      level,
      scenario: { ...scenario, faults: played.faults },
      history: historyFromEvents(events),
      events,
      log: [],
      failureOf: (counterexample) => counterexample && { kind: 'violation', level, sentence: counterexample.sentence },
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function refuseImpossible(target: string, scenario: Scenario): void {
  const faults = findTarget(target)?.faults
  for (const { fault } of scenario.faults) {
    const suffering = faults?.[fault.kind]
    if (suffering !== undefined && !suffering.possible)
      throw new UserError(
        'usage',
        `--real: ${target} as real processes cannot suffer ${fault.kind}: ${suffering.reason}. Without --real the simulator plays it.`,
      )
  }
}
