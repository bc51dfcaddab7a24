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

// The fault lasts long enough for clients to run into their timeouts, with calm before and after.
const FROM = 0.25
const TO = 0.75

/** Returns how long the fault of a run lasts, in milliseconds. */
export const faultMs = (timeMs: number): number => timeMs * (TO - FROM)

/** Nemeses that draw a different cut for each seed, with some cuts that leave every node in contact with a majority. */
const SPLITS: readonly string[] = ['partition', 'halves']

/**
 * Cuts off the last nodes, as many as possible without a majority; undefined for a single node. The first node is the
 * balancer or the database of systems that have one, which `isolate-leader` cuts off instead.
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
 * Returns one fault of a nemesis for the middle half of the run. The seed decides its shape, except if the network is
 * cut in two, because the cut must not decide whether a system stays available.
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
