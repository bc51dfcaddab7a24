import type { Event } from '@chaosproxy/history'
import type { Progress, RunEvent } from '@chaosproxy/runner'
import type { NodeRow, Stage, TailRow } from '../browser/frames.ts'
import { type BinnedOperations, createBins } from './bins.ts'
import { type FaultLog, loggedFault, noFaults } from './faults.ts'
import { createTail, type Tail } from './tail.ts'

/** What a page can show of a run so far. Folding an event costs a microsecond: it is called for each operation. */
export interface LiveRun {
  readonly stage: Stage
  readonly elapsed: number
  readonly counts: { readonly ok: number; readonly fail: number; readonly info: number }
  readonly nodes: readonly NodeRow[]
  readonly bins: BinnedOperations
  readonly faults: FaultLog
  /** Whether the runner itself is already certain that the strongest level is violated. */
  readonly violatedNow: boolean
  readonly failure: string | undefined
  tail(): readonly TailRow[]
  fold(event: RunEvent): void
}

/** Rates of nodes are over the time since then. */
const RATE_MS = 1_000

export function createLiveRun(): LiveRun {
  const bins = createBins()
  const tail: Tail = createTail()
  const called = new Map<Event['process'], number>()
  const answered = new Map<string, number>()
  let rates: ReadonlyMap<string, number> = new Map()
  let ratesAt = 0
  let known: Progress['nodes'] = []
  let stage: Stage = 'starting'
  let elapsed = 0
  let counts = { ok: 0, fail: 0, info: 0 }
  let faults = noFaults
  let violatedNow = false
  let failure: string | undefined

  function foldOperation(event: Event): void {
    const at = event.time / 1e6
    if (event.type === 'invoke') {
      called.set(event.process, at)
      return
    }
    const outcome = event.type
    const began = called.get(event.process) ?? at
    called.delete(event.process)
    bins.add(at, outcome, at - began, event.error)
    if (outcome === 'ok' && event.node !== undefined) answered.set(event.node, (answered.get(event.node) ?? 0) + 1)
    tail.add(event, outcome, at, at - began)
  }

  function measureRates(now: number): void {
    const seconds = (now - ratesAt) / 1000
    if (seconds * 1000 < RATE_MS) return
    rates = new Map(Array.from(answered, ([node, count]) => [node, Math.round(count / seconds)]))
    answered.clear()
    ratesAt = now
  }

  return {
    get stage() {
      return stage
    },
    get elapsed() {
      return elapsed
    },
    get counts() {
      return counts
    },
    get nodes() {
      return known.map(({ node, status }) => ({
        node,
        ...(status === undefined ? {} : { role: status.role, leads: status.leads, term: status.term }),
        rate: rates.get(node) ?? 0,
      }))
    },
    get faults() {
      return faults
    },
    get violatedNow() {
      return violatedNow
    },
    get failure() {
      return failure
    },
    bins,
    tail: tail.rows,
    fold(event) {
      switch (event.type) {
        case 'event':
          if (event.event.process === 'nemesis') faults = loggedFault(faults, event.event)
          else if (event.event.process !== 'recorder') foldOperation(event.event)
          return
        case 'status': {
          const { progress } = event
          stage = progress.stage === 'ended' ? 'ending' : progress.stage
          elapsed = progress.elapsed / 1e6
          counts = progress.counts
          known = progress.nodes
          violatedNow = progress.soFar === 'not linearizable'
          measureRates(elapsed)
          return
        }
        case 'ready':
          stage = 'working'
          return
        case 'ending':
          stage = 'ending'
          return
        case 'checking':
        case 'judged':
          stage = event.type
          return
        case 'failed':
          stage = 'failed'
          failure = event.message
          return
        case 'starting':
          return
        default:
          event satisfies never
      }
    },
  }
}
