import { inTime } from '../../limits/budget.ts'
import { OUT_OF_TIME } from '../../verdict/reason.ts'
import { unknownBecause } from '../../verdict/verdict.ts'
import { isAcyclic } from '../graph/components.ts'
import { LINK, maskOf, RT, RW, SO, WR, WW } from '../graph/edges.ts'
import { type FurtherEdges, withEdges } from '../graph/graph.ts'
import { isAcyclicBy, noTwoReadWrites, readWriteAfterSeen } from '../graph/states.ts'
import type { Findings, ReadAnomaly } from '../record/findings.ts'
import { decideCursors } from './cursors.ts'
import { decideFree, type FreeWriters, freeWriters } from './free-orders.ts'
import { type Form, forms, type Isolation, type IsolationLevel, impliesLevel, isolations } from './ladder.ts'
import { decideCausal, decideParallelSnapshots } from './past.ts'
import { MET, type Outcome, type Situation, VIOLATED, type Violation } from './situation.ts'
import { decideAtomicReads, decideMonotonicView, decideSeenBefore } from './views.ts'

/** By anomaly of a single read: the weakest level that excludes it. */
export const excludedBy: { readonly [anomaly in ReadAnomaly]: Isolation } = {
  'torn-append': 'read-uncommitted',
  'incompatible-order': 'read-uncommitted',
  'duplicate-elements': 'read-uncommitted',
  'unwritten-read': 'read-committed',
  G1a: 'read-committed',
  G1b: 'read-committed',
  'future-read': 'read-committed',
  'dirty-update': 'read-committed',
  internal: 'read-atomic',
  'non-repeatable-read': 'read-atomic',
}

export type Outcomes = ReadonlyMap<IsolationLevel, Outcome>

export function decideReads(findings: Findings): Outcomes {
  return new Map(findings.names().map((anomaly) => [excludedBy[anomaly], VIOLATED]))
}

const VERSIONS = maskOf(WW, WR)
const ALL = maskOf(WW, WR, RW, LINK)

/**
 * Decides every level by its graph, except levels that known verdicts imply. A level is met if and only if its graph
 * contains none of the cycles that the level excludes. Other anomalies play no role.
 */
export function decideByGraphs(situation: Situation, reads: Outcomes): Outcomes {
  const outcomes = new Map(reads)
  const free = freeWriters(situation)
  for (const isolation of order)
    for (const form of forms) {
      const level = form.prefixed(isolation)
      if (isKnown(level, outcomes)) continue
      const outcome = inTime(() => decideOne(situation, isolation, form, free))
      outcomes.set(level, outcome ?? unknownBecause(OUT_OF_TIME))
    }
  return withoutImplied(outcomes)
}

/** Removes met levels that a stronger met level implies. Such a level may have been decided before the stronger one. */
const withoutImplied = (outcomes: Outcomes): Outcomes =>
  new Map(
    [...outcomes].filter(
      ([level, { result }]) =>
        result !== 'met' ||
        ![...outcomes].some(
          ([other, { result: its }]) => other !== level && its === 'met' && impliesLevel(other, level),
        ),
    ),
  )

/**
 * The levels whose verdicts settle the most other levels come first. A met level settles all weaker levels, and a
 * violated level settles all stronger levels.
 */
const order: readonly Isolation[] = ['read-committed', 'serializable', 'snapshot-isolation', ...isolations.toReversed()]

/** Reports whether a level is met, directly or through a stronger level. */
export const isMet = (level: IsolationLevel, outcomes: Outcomes): boolean => {
  for (const [other, { result }] of outcomes) if (result === 'met' && impliesLevel(other, level)) return true
  return false
}

/**
 * Returns the violation of a level. The violation of a weaker level counts, too, because the level implies the weaker
 * one.
 */
export function violationOf(level: IsolationLevel, outcomes: Outcomes): Violation | undefined {
  for (const [other, outcome] of outcomes)
    if (outcome.result === 'violated' && impliesLevel(level, other)) return outcome
  return undefined
}

export const isKnown = (level: IsolationLevel, outcomes: Outcomes): boolean =>
  outcomes.has(level) || isMet(level, outcomes) || violationOf(level, outcomes) !== undefined

function decideOne(situation: Situation, isolation: Isolation, form: Form, free: readonly FreeWriters[]): Outcome {
  const { graph } = situation.core
  const { mask } = form
  const acyclic = (kinds: number): Outcome => (isAcyclic(graph, mask | kinds) ? MET : VIOLATED)
  switch (isolation) {
    case 'read-uncommitted':
      return acyclic(maskOf(WW))
    case 'read-committed':
      return acyclic(VERSIONS)
    case 'cursor-stability':
      return decideCursorsWith(situation, mask)
    case 'monotonic-atomic-view':
      return decideMonotonicView(situation)
    case 'read-atomic':
      return decideAtomic(situation, form)
    case 'causal':
      return decideCausal(situation, mask)
    case 'prefix':
      return isAcyclicBy(graph, mask | ALL, readWriteAfterSeen) ? MET : VIOLATED
    case 'parallel-snapshot-isolation':
      return decideFree(situation, free, (some) => decideParallelSnapshots(situation, some, mask))
    case 'snapshot-isolation':
      return decideFree(situation, free, (some) => (isAcyclicBy(some, mask | ALL, noTwoReadWrites) ? MET : VIOLATED))
    case 'repeatable-read':
    case 'serializable':
      return acyclic(ALL)
    default:
      return isolation satisfies never
  }
}

function decideCursorsWith(situation: Situation, mask: number): Outcome {
  const found = decideCursors(situation)
  if ('result' in found) return found
  const graph = withEdges(situation.core.graph, found satisfies FurtherEdges)
  return isAcyclic(graph, mask | VERSIONS) ? MET : VIOLATED
}

function decideAtomic(situation: Situation, { name }: Form): Outcome {
  const seen = decideAtomicReads(situation)
  if (seen.result !== 'met' || name === 'neither') return seen
  return decideSeenBefore(situation, name === 'sessions' ? SO : RT)
}
