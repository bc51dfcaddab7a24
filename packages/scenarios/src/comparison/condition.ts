import {
  createRandom,
  type FaultChoice,
  type FaultPlan,
  linksBetween,
  type Nemesis,
  type NodeId,
  nodeNames,
  printSchedule,
  type Schedule,
} from '@chaosproxy/faults'
import { type Millis, millis, millisToNanos } from '@chaosproxy/history'

export const CALM = 'calm'

// The shares of the run's time at which the fault begins and ends. The fault lasts long enough for clients to time out,
// and the run is calm before and after it.
const FROM = 0.25
const TO = 0.75

/** Returns how long the fault of a run lasts, in milliseconds. */
export const faultMs = (timeMs: number): number => timeMs * (TO - FROM)

/** These nemeses cut at random: after some cuts, every node still reaches a majority. */
const SPLITS: readonly string[] = ['partition', 'halves']

/**
 * Cuts off the largest minority of the nodes, taken from the end, because the first node may be a balancer or a
 * database.
 */
function cutInTwo(nodes: readonly NodeId[]): FaultPlan | undefined {
  const few = Math.max(1, Math.floor((nodes.length - 1) / 2))
  const sides = [nodes.slice(0, -few), nodes.slice(-few)]
  return nodes.length < 2 ? undefined : { kind: 'partition', links: linksBetween(sides), mode: 'drop' }
}

interface ConditionOptions {
  readonly nodes: number
  readonly timeMs: Millis
  readonly seed: number
}

/**
 * Returns one fault, in force during the middle half of the run. A cut of the network always has the same shape,
 * because availability must not depend on it.
 */
export function conditionFaults(nemesis: Nemesis, { nodes, timeMs, seed }: ConditionOptions): readonly FaultChoice[] {
  const names = nodeNames(nodes)
  const split = SPLITS.includes(nemesis.name) ? cutInTwo(names) : undefined
  const { parts } =
    split === undefined
      ? nemesis.plan(createRandom(seed).fork(`compare ${nemesis.name}`), names)
      : { parts: [{ from: 0, to: 1, plan: split }] }
  const at = (share: number) => millisToNanos(millis(Math.round(timeMs * (FROM + share * (TO - FROM)))))
  const schedule: Schedule = parts.map(({ from, to, plan }, i) => ({
    id: `${nemesis.name}-${i + 1}`,
    from: at(from),
    to: at(to),
    plan,
  }))
  return printSchedule(schedule)
}
