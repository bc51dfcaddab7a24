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

// Long enough for clients to run into their timeouts, and with calm before and after.
const FROM = 0.25
const TO = 0.75

/** How long the fault of a run of this length lasts, in milliseconds. */
export const faultMs = (timeMs: number): number => timeMs * (TO - FROM)

/** Nemeses that draw another cut for each seed, some of which leave every node with a majority. */
const SPLITS: readonly string[] = ['partition', 'halves']

/**
 * The last nodes, as many as are no majority, apart from the others; undefined for a single node. The first node is the
 * balancer or the database of systems that have one: `isolate-leader` cuts that off.
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
 * One fault of this kind for the middle half of the run. The seed decides its shape, except where the network is cut in
 * two: whether a system stays available must not depend on which cut it drew.
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
