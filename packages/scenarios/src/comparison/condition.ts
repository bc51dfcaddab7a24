import {
  createRandom,
  type FaultChoice,
  type Nemesis,
  nodeNames,
  printSchedule,
  type Schedule,
} from '@chaosproxy/faults'
import { type Millis, millis, millisToNanos } from '@chaosproxy/history'

export const CALM = 'calm'

// Long enough for clients to run into their timeouts, and with calm before and after.
const FROM = 0.25
const TO = 0.75

/** How long the fault of a run of this length lasts, in milliseconds. */
export const faultMs = (timeMs: number): number => timeMs * (TO - FROM)

interface ConditionOptions {
  readonly nodes: number
  readonly timeMs: Millis
  readonly seed: number
}

/** One fault of this kind for the middle half of the run; the seed decides its shape. */
export function conditionFaults(nemesis: Nemesis, { nodes, timeMs, seed }: ConditionOptions): readonly FaultChoice[] {
  const { parts } = nemesis.plan(createRandom(seed).fork(`compare ${nemesis.name}`), nodeNames(nodes))
  const at = (share: number) => millisToNanos(millis(Math.round(timeMs * (FROM + share * (TO - FROM)))))
  const schedule: Schedule = parts.map(({ from, to, plan }, i) => ({
    id: `${nemesis.name}-${i + 1}`,
    from: at(from),
    to: at(to),
    plan,
  }))
  return printSchedule(schedule)
}
