import {
  limitsFor,
  playOnProcesses,
  playWatched,
  type SubjectName,
  subjectOf,
  workloadNamed,
} from '@chaosproxy/engine/worlds'
import { millis } from '@chaosproxy/history'
import type { StoryTelling } from '@chaosproxy/report'
import { keysOf, swapNodes } from '@chaosproxy/runner'
import { listeningOf, narrate, type Story, scenarioOf, type Tale } from '@chaosproxy/scenarios'
import { firstLeader } from '@chaosproxy/simulator'

const now = () => millis(performance.now())

interface StoryPart {
  readonly tale: Tale
  readonly kind: StoryTelling['kind']
  readonly ledger?: Story['ledger']
}

export const accidentOf = ({ told, ledger }: Story): readonly StoryPart[] =>
  told.map((tale) => ({ tale, kind: 'accident', ledger }))
export const fixOf = ({ fix, ledger }: Story): StoryPart => ({ tale: fix, kind: 'fix', ledger })

/** Plays a tale in virtual time and describes it. The result is always the same. */
export async function playTale({ tale, kind, ledger }: StoryPart): Promise<StoryTelling> {
  const scenario = scenarioOf(tale)
  const workload = await workloadNamed(tale.workload)
  const levels: readonly string[] = workload.levels
  const name: SubjectName = {
    ...scenario,
    // If `eventual` is a level of the tale, the final reads are repeated until all nodes agree.
    level: levels.includes('eventual') ? 'eventual' : 'linearizable',
    operations: scenario.operations.length,
  }
  const subject = await subjectOf(name)
  const leader = tale.leader === undefined ? undefined : firstLeader(subject, scenario)
  const exchanged =
    tale.leader === undefined || leader === undefined || leader === tale.leader
      ? undefined
      : ([tale.leader, leader] as const)
  const swapped = exchanged === undefined ? scenario : swapNodes(scenario, ...exchanged)
  const listening = listeningOf(tale)
  const { events, trouble, failure, heard, states } = playWatched(
    subject,
    swapped,
    { ...limitsFor(false), listening },
    workload.finale(keysOf(scenario)),
  )
  const broken = failure?.kind === 'broken' ? [failure.what] : []
  const world = 'in virtual time'
  return narrate(
    tale,
    { kind, events, exchanged, workload, world, heard, states, ledger, trouble: [...trouble, ...broken] },
    now,
  )
}

/**
 * Plays a tale on real processes. Undefined if interrupted.
 *
 * @throws UserError (environment) if the cluster does not start.
 */
export async function playTaleForReal(
  { tale, kind, ledger }: StoryPart,
  interrupted: AbortSignal,
): Promise<StoryTelling | undefined> {
  const scenario = scenarioOf(tale)
  const workload = await workloadNamed(tale.workload)
  const play = await playOnProcesses(scenario, { scenario, workload, leader: tale.leader, warm: true }, interrupted)
  if (play === undefined) return undefined
  const { events, exchanged, trouble } = play
  return narrate(tale, { kind, events, exchanged, workload, world: 'on real processes', ledger, trouble }, now)
}
