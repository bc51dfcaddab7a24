import type { Event, Json } from '@chaosproxy/history'
import type { Progress, RunEvent } from '@chaosproxy/runner'
import type { NodeRow, NoticedViolation, Stage, TailRow } from '../browser/frames.ts'
import { type BinnedOperations, createBins } from './bins.ts'
import { clockOf, type FaultLog, loggedFault, noFaults } from './faults.ts'

/** A run in progress, as data for a page. Processing an event takes about a microsecond. */
export interface LiveRun {
  readonly stage: Stage
  readonly elapsed: number
  readonly counts: { readonly ok: number; readonly fail: number; readonly info: number }
  readonly nodes: readonly NodeRow[]
  readonly bins: BinnedOperations
  readonly faults: FaultLog
  readonly violation: NoticedViolation | undefined
  readonly failure: string | undefined
  tail(): readonly TailRow[]
  fold(event: RunEvent): void
  /** Takes the final counts, because a finished run reports no progress. */
  counted(counts: LiveRun['counts']): void
}

interface Folded {
  stage: Stage
  elapsed: number
  counts: LiveRun['counts']
  nodes: readonly NodeRow[]
  readonly bins: BinnedOperations
  faults: FaultLog
  violation: NoticedViolation | undefined
  failure: string | undefined
  readonly sampled: Tail
  readonly called: Map<Event['process'], number>
  readonly rates: Rates
  readonly lags: Lags
}

export function createLiveRun(): LiveRun {
  const folded: Folded = {
    ...{ stage: 'starting', elapsed: 0, counts: { ok: 0, fail: 0, info: 0 }, nodes: [] },
    ...{ faults: noFaults, violation: undefined, failure: undefined },
    bins: createBins(),
    sampled: createTail(),
    called: new Map(),
    rates: createRates(),
    lags: createLags(),
  }
  return Object.assign(folded, {
    tail: () => folded.sampled.rows(),
    fold: (event: RunEvent) => fold(folded, event),
    counted({ ok, fail, info }: LiveRun['counts']) {
      folded.counts = { ok, fail, info }
    },
  })
}

function fold(run: Folded, event: RunEvent): void {
  switch (event.type) {
    case 'event':
      if (event.event.process === 'nemesis') run.faults = loggedFault(run.faults, event.event)
      else if (event.event.process !== 'recorder') foldOperation(run, event.event)
      return
    case 'status':
      foldProgress(run, event.progress)
      return
    case 'violation':
      run.violation = noticed(event.violation)
      return
    case 'ready':
      run.stage = 'working'
      return
    case 'ending':
    case 'checking':
    case 'judged':
      run.stage = event.type
      return
    case 'failed':
      run.stage = 'failed'
      run.failure = event.message
      return
    case 'starting':
    case 'waiting':
      return
    default:
      event satisfies never
  }
}

function foldOperation({ called, bins, rates, sampled }: Folded, event: Event): void {
  const at = event.time / 1e6
  if (event.type === 'invoke') {
    called.set(event.process, at)
    return
  }
  const began = called.get(event.process) ?? at
  called.delete(event.process)
  bins.add(at, event.type, at - began, event.error)
  if (event.type === 'ok' && event.node !== undefined) rates.answered(event.node)
  sampled.add(event, event.type, at, at - began)
}

function foldProgress(run: Folded, { stage, elapsed, counts, violation, nodes }: Progress): void {
  run.stage = stage === 'ended' ? 'ending' : stage
  run.elapsed = elapsed / 1e6
  run.counts = counts
  run.violation = violation && noticed(violation)
  run.rates.measure(run.elapsed)
  run.lags.note(
    run.elapsed,
    nodes.flatMap(({ status }) => status?.applied ?? []),
  )
  run.nodes = nodes.map(({ node, status }) => ({
    node,
    ...(status && { role: roleOf(status), leads: status.leads, term: status.term }),
    lag: status?.applied === undefined ? undefined : run.lags.of(status.applied),
    clockMs: clockOf(node, run.faults.rows, run.elapsed),
    rate: run.rates.of(node),
  }))
}

const noticed = ({ level, noticedAfter }: NoticedViolation): NoticedViolation => ({ level, noticedAfter })

const roleOf = ({ role, alone }: { readonly role: string; readonly alone?: boolean | undefined }): string =>
  alone === true ? `${role}, cut off` : role

const RATE_MS = 1_000

interface Rates {
  answered(node: string): void
  measure(now: number): void
  of(node: string): number
}

function createRates(): Rates {
  const counted = new Map<string, number>()
  let rates: ReadonlyMap<string, number> = new Map()
  let since = 0
  return {
    answered: (node) => void counted.set(node, (counted.get(node) ?? 0) + 1),
    measure(now) {
      if (now - since < RATE_MS) return
      rates = new Map(Array.from(counted, ([node, count]) => [node, Math.round((count * 1000) / (now - since))]))
      counted.clear()
      since = now
    },
    of: (node) => rates.get(node) ?? 0,
  }
}

/** Nodes report at different moments, so an entry counts as lag only after this time. */
const GRACE_MS = 400

interface Lags {
  /**
   * Notes the numbers of entries that the reporting nodes have applied. Each call's `now` must not precede that of the
   * call before.
   */
  note(now: number, applied: readonly number[]): void
  /** Returns how many entries a node lacks. Only entries that another node applied `GRACE_MS` ago count. */
  of(applied: number): number
}

function createLags(): Lags {
  let recent: readonly { readonly at: number; readonly newest: number }[] = []
  return {
    note(now, applied) {
      const all = [...recent, { at: now, newest: Math.max(0, ...applied) }]
      // The lag is computed from the newest sample that is at least `GRACE_MS` old.
      const first = all.findLastIndex(({ at }) => at <= now - GRACE_MS)
      recent = all.slice(Math.max(0, first))
    },
    of: (applied) => Math.max(0, (recent[0]?.newest ?? 0) - applied),
  }
}

/** The number of operations in each second's sample. Half of this number is reserved for unsuccessful operations. */
const PER_SECOND = 8
const MOST_ROWS = 40
const LONGEST_VALUE = 60

/** A sample of each second's operations. Failed operations are rare, so they have priority. */
interface Tail {
  add(event: Event, outcome: TailRow['outcome'], at: number, ms: number): void
  rows(): readonly TailRow[]
}

function createTail(): Tail {
  let rows: TailRow[] = []
  let second = -1
  let taken = { good: 0, bad: 0 }
  return {
    add(event, outcome, at, ms) {
      const now = Math.floor(at / 1000)
      if (now !== second) {
        second = now
        taken = { good: 0, bad: 0 }
      }
      const kind = outcome === 'ok' ? 'good' : 'bad'
      if (taken[kind] >= PER_SECOND / 2) return
      taken[kind]++
      rows.push({
        at,
        process: String(event.process),
        node: event.node,
        text: textOf(event),
        outcome,
        ms,
        error: event.error?.slice(0, 120),
      })
      if (rows.length > 2 * MOST_ROWS) rows = rows.slice(-MOST_ROWS)
    },
    rows: () => rows.slice(-MOST_ROWS),
  }
}

function textOf({ f, key, value, type }: Event): string {
  const object = key === undefined ? f : `${f} ${key.slice(0, LONGEST_VALUE)}`
  return value === undefined || (value === null && type !== 'ok') ? object : `${object}: ${shortJson(value)}`
}

/** Formats a value as JSON, and cuts the text, because a value may be a megabyte long. */
function shortJson(value: Json): string {
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, LONGEST_VALUE)) : JSON.stringify(value)
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}
