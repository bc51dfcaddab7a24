import { foundOrMade } from '@chaosproxy/history'
import { NO_KEY, RT, RW, type SO, WR } from '../graph/edges.ts'
import { READ, type TransactionRecord } from '../record/record.ts'
import { INITIAL, type Versions } from '../record/versions.ts'
import { type CycleStep, MET, type Outcome, type Situation } from './situation.ts'

/** By key: the newest version that must be visible. */
type View = Map<number, number>

/**
 * Decides monotonic atomic view: after a transaction has seen one write of another transaction, it reads nothing older
 * than any write of that transaction (Bailis et al. 2013). Biswas & Enea (2019) call this level read committed.
 */
export const decideMonotonicView = (situation: Situation): Outcome => decideViews(situation, true)

/** Decides read atomic: a transaction sees all writes of another one, or none (Bailis et al. 2014). */
export const decideAtomicReads = (situation: Situation): Outcome => decideViews(situation, false)

/**
 * @param isGradual Suppose that transaction `t` reads from transaction `s`. If true, the later reads of `t` must not
 * miss writes of `s`. If false, no read of `t` may miss writes of `s`.
 */
function decideViews(situation: Situation, isGradual: boolean): Outcome {
  const { record, versions, core } = situation
  for (const t of core.transaction) {
    if (t < 0) continue
    const view: View = new Map()
    for (let row = record.starts[t]; row < record.starts[t + 1]; row++) {
      const missed = isGradual ? missedBy(situation, view, t, row, WR) : undefined
      if (missed !== undefined) return missed
      const source = sourceOf(situation, t, row)
      if (source >= 0) addWrites(record, versions, view, source)
    }
    const missed = isGradual ? undefined : missedIn(situation, view, t, WR)
    if (missed !== undefined) return missed
  }
  return MET
}

/**
 * Decides whether each transaction saw all transactions that completed before it began. With SO, only the transactions
 * of its own session count.
 */
export function decideSeenBefore(situation: Situation, kind: typeof SO | typeof RT): Outcome {
  const { record, versions, events } = situation
  const views = new Map<number, View>()
  for (const event of events) {
    const t = event < 0 ? ~event : event
    const whose = kind === RT ? 0 : record.session[t]
    if (whose < 0) continue
    const view = foundOrMade(views, whose, () => new Map<number, number>())
    if (event < 0) addWrites(record, versions, view, t)
    else {
      const missed = missedIn(situation, view, t, kind)
      if (missed !== undefined) return missed
    }
  }
  return MET
}

/**
 * Returns the transaction whose version was read in `row`; -1 if there is none, if it is `t`, or if it is on no cycle.
 */
function sourceOf({ record, versions, core }: Situation, t: number, row: number): number {
  if (record.kind[row] !== READ || versions.of[row] < 0) return -1
  const source = versions.writer[versions.of[row]]
  return source !== t && core.node[source] >= 0 ? source : -1
}

function addWrites({ starts, kind, key }: TransactionRecord, { of }: Versions, view: View, t: number): void {
  for (let row = starts[t]; row < starts[t + 1]; row++) {
    if (kind[row] === READ || of[row] < 0) continue
    const before = view.get(key[row])
    if (before === undefined || before < of[row]) view.set(key[row], of[row])
  }
}

function missedIn(situation: Situation, view: View, t: number, kind: CycleStep['kind']): Outcome | undefined {
  const { starts } = situation.record
  for (let row = starts[t]; row < starts[t + 1]; row++) {
    const missed = missedBy(situation, view, t, row, kind)
    if (missed !== undefined) return missed
  }
  return undefined
}

/** Returns a violation if the micro-operation reads an older version than the view requires. */
function missedBy(
  situation: Situation,
  view: View,
  t: number,
  row: number,
  kind: CycleStep['kind'],
): Outcome | undefined {
  const { record, versions } = situation
  if (record.kind[row] !== READ || versions.of[row] < INITIAL) return undefined
  const key = record.key[row]
  const newest = view.get(key) ?? INITIAL
  if (newest <= versions.of[row]) return undefined
  const writer = versions.writer[newest]
  if (writer === t) return undefined
  return {
    result: 'violated',
    cycle: [
      { from: t, to: writer, kind: RW, key },
      { from: writer, to: t, kind, key: kind === WR ? keyBetween(situation, writer, t) : NO_KEY },
    ],
  }
}

/** Returns a key on which `to` read what `from` wrote, or NO_KEY. */
export function keyBetween({ record, versions }: Situation, from: number, to: number): number {
  const { starts, kind, key } = record
  const { of, writer } = versions
  for (let row = starts[to]; row < starts[to + 1]; row++)
    if (kind[row] === READ && of[row] >= 0 && writer[of[row]] === from) return key[row]
  return NO_KEY
}
