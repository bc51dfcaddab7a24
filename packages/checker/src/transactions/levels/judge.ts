import type { Budget } from '../../limits/budget.ts'
import type { Witness } from '../../verdict/verdict.ts'
import { coreOf } from '../graph/core.ts'
import { graphOf } from '../graph/graph.ts'
import { addRealTime, addSessions, eventsOf } from '../graph/real-time.ts'
import { serialOrder } from '../graph/serial-order.ts'
import { versionEdges } from '../graph/version-edges.ts'
import type { Findings } from '../record/findings.ts'
import { READ, type TransactionRecord } from '../record/record.ts'
import { INITIAL, type Versions } from '../record/versions.ts'
import { decideByGraphs, decideReads, isMet, type Outcomes } from './decide.ts'
import { type IsolationLevel, impliesLevel, isolationLadder } from './ladder.ts'
import { MET, type Situation } from './situation.ts'
import { witnessOf } from './witness.ts'

export interface Judged {
  readonly outcomes: Outcomes
  /** An order of the transactions that keeps real time and explains every read; absent if there is none. */
  readonly order?: Int32Array | undefined
  /**
   * Present if there is no `order`. Returns a witness that a level is met; undefined if only the check itself shows
   * this.
   */
  readonly witnessBy?: ((level: IsolationLevel) => Witness | undefined) | undefined
  readonly situation?: Situation | undefined
}

/**
 * Decides every level for a given order of versions. If an order of the transactions keeps all edges and real time, all
 * levels are met except those that a single read violates. Otherwise the levels are decided on the components of the
 * graph, because these contain all cycles.
 */
export function judgeVersions(
  record: TransactionRecord,
  versions: Versions,
  findings: Findings,
  budget: Budget,
): Judged {
  const reads = decideReads(findings)
  const events = eventsOf(record, versions.counts)
  const { edges, nodes } = versionEdges(record, versions)
  // Session edges are needed only if transactions of one session may overlap (see `History.isTied`). Otherwise, real
  // time contains session order.
  if (record.isTied) addSessions(edges, record, versions.counts)
  budget.look(edges.length)
  const order = serialOrder(graphOf(edges, nodes), events)
  budget.look(edges.length)
  if (order !== undefined) {
    // A read that is wrong by itself fits no order, so there is nothing to replay.
    if (reads.size === 0) replay(record, versions, order)
    return { outcomes: allMetBut(reads), order }
  }
  if (!record.isTied) addSessions(edges, record, versions.counts)
  const moments = addRealTime(edges, events, nodes)
  const core = coreOf(graphOf(edges, nodes + moments), record.length)
  budget.look(edges.length)
  const inCore = events.filter((event) => core.node[event < 0 ? ~event : event] >= 0)
  const situation: Situation = { record, versions, core, events: inCore, budget }
  const witnessBy = (level: IsolationLevel): Witness | undefined => witnessOf(record, versions, events, level)
  return { outcomes: decideByGraphs(situation, reads), situation, witnessBy }
}

/** Marks as met the strongest levels that no read violates. */
function allMetBut(reads: Outcomes): Outcomes {
  const outcomes = new Map(reads)
  for (const level of isolationLadder.levels) {
    const isExcluded = [...reads.keys()].some((excluded) => impliesLevel(level, excluded))
    if (!isExcluded && !isMet(level, outcomes)) outcomes.set(level as IsolationLevel, MET)
  }
  return outcomes
}

/**
 * Replays an order: each read must see the current version of its key, and each write must write a newer version than
 * the current one. A failure is a bug of the checker.
 */
function replay(record: TransactionRecord, versions: Versions, order: Int32Array): void {
  const { starts, kind, key } = record
  const { of, writer, ordered } = versions
  const last = new Int32Array(ordered.length).fill(INITIAL)
  for (const t of order) {
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      const version = of[row]
      if (kind[row] !== READ || version < INITIAL) continue
      const current = last[key[row]]
      const isCurrent = current === version || (current >= 0 && version >= 0 && writer[current] === writer[version])
      if (!isCurrent)
        throw new Error(`in the serial order found, transaction ${t} does not read the last version of a key`)
    }
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      if (kind[row] === READ || of[row] < 0) continue
      if (of[row] < ordered[key[row]] && of[row] <= last[key[row]])
        throw new Error(
          `in the serial order found, transaction ${t} writes a version that is not newer than the last one of its key`,
        )
      if (of[row] > last[key[row]] || of[row] >= ordered[key[row]]) last[key[row]] = of[row]
    }
  }
}
