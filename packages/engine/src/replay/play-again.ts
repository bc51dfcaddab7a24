import { setMaxListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import type { Scenario } from '@chaosproxy/runner'
import { isUserFile } from '@chaosproxy/targets/named'
import { abandonedAfter, GRACE_MS } from '../jobs/interruption.ts'
import { createSearchPool } from '../search/pool.ts'
import { explain, playedHere, playedSupervised, type ScenarioPlay } from '../search/show.ts'
import { worldPlaying } from '../worlds/registry.ts'
import { subjectOf } from '../worlds/subject.ts'
import type { SubjectName } from '../worlds/subject-name.ts'
import type { Player } from '../worlds/world.ts'

/** The scenario to play again, and the number of plays. Plain data. */
export interface ReplaySpec {
  readonly scenario: Scenario
  readonly subject: SubjectName
  /** The digest of the recorded history. */
  readonly digest: string | undefined
  /** Whether to play on processes instead of in the simulator. */
  readonly real: boolean
  readonly times: number
  readonly invariants: boolean
}

export interface ReplayHooks {
  readonly listener?: ((event: ReplayEvent) => void) | undefined
  /** When aborted, the play in progress is abandoned, and no further play begins. */
  readonly signal?: AbortSignal | undefined
}

interface ReplayEvent {
  readonly type: 'playing'
  /** The number of the replay that begins; the first replay has the number 1. */
  readonly play: number
  readonly times: number
}

/** The combined result of all plays of a scenario. */
export interface ReplayOutcome {
  readonly plays: number
  readonly failures: number
  /** The number of plays with exactly the recorded history. */
  readonly same: number
  /**
   * The reasons why replays without a failure prove less than they seem to, and for each reason the number of such
   * replays.
   */
  readonly doubts: ReadonlyMap<string, number>
  /** The problems of the environment, and for each problem the number of replays that had it. */
  readonly trouble: ReadonlyMap<string, number>
  /** The most informative replay: one that failed, or else one with doubts or trouble, or else the first one. */
  readonly bestPlay: ScenarioPlay | undefined
  readonly interrupted: boolean
}

export const noPlays: ReplayOutcome = {
  plays: 0,
  failures: 0,
  same: 0,
  doubts: new Map(),
  trouble: new Map(),
  bestPlay: undefined,
  interrupted: false,
}

export function withPlay(before: ReplayOutcome, play: ScenarioPlay, recordedDigest: string | undefined): ReplayOutcome {
  const { bestPlay } = before
  return {
    ...before,
    plays: before.plays + 1,
    failures: before.failures + (play.failure === undefined ? 0 : 1),
    same: before.same + (play.digest === recordedDigest ? 1 : 0),
    doubts: counted(before.doubts, play.doubts),
    trouble: counted(before.trouble, play.trouble),
    bestPlay: bestPlay === undefined || weightOf(play) > weightOf(bestPlay) ? play : bestPlay,
  }
}

const counted = (before: ReadonlyMap<string, number>, texts: readonly string[]): ReadonlyMap<string, number> =>
  new Map([...before, ...texts.map((text) => [text, (before.get(text) ?? 0) + 1] as const)])

const weightOf = ({ failure, doubts, trouble }: ScenarioPlay): number =>
  failure !== undefined ? 2 : doubts.length + trouble.length > 0 ? 1 : 0

/**
 * Plays a scenario repeatedly. Counts the failures, and the histories equal to the recorded one.
 *
 * @throws UserError (environment) if a cluster does not start.
 */
export async function replay(spec: ReplaySpec, hooks: ReplayHooks = {}): Promise<ReplayOutcome> {
  const { listener = () => {}, signal = new AbortController().signal } = hooks
  const { subject, scenario, real, times, invariants } = spec
  // A user's protocol or program may never return, so it runs on a thread.
  const pool = isUserFile(subject.target) ? createSearchPool(1) : undefined
  const abandon = abandonedAfter(signal, GRACE_MS)
  // Node would otherwise warn about many listeners, because each play adds one.
  setMaxListeners(0, signal, abandon)
  const searched = () => subjectOf(subject)
  const simulated: Player = async (follows) =>
    pool === undefined
      ? playedHere(await searched(), scenario, invariants)
      : playedSupervised(pool, { subject, scenario, invariants, follows }, abandon)
  const world = await worldPlaying(subject.target, real)
  const play = world.player({ subject, scenario, interrupted: signal, searched, simulated })
  try {
    let outcome: ReplayOutcome = noPlays
    for (let i = 0; i < times && !signal.aborted; i++) {
      listener({ type: 'playing', play: i + 1, times })
      const played = await play(outcome.failures === 0)
      if (played !== undefined) outcome = withPlay(outcome, explain(played), spec.digest)
      // The simulator never yields, so interrupts are only noticed between plays.
      await setImmediate()
    }
    return { ...outcome, interrupted: signal.aborted }
  } finally {
    await pool?.close()
  }
}
