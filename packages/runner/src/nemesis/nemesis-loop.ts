import {
  type Fault,
  type FaultKind,
  isResolved,
  type Random,
  resolveFault,
  type Schedule,
  type ScheduledFault,
  type Situation,
} from '@chaosproxy/faults'
import { type Nanos, nanos } from '@chaosproxy/history'
import type { RunRecorder } from '../clients/recorder.ts'
import type { Cancel, Cluster, FaultNoticed, Healed, Injected } from '../ports/cluster.ts'
import { isStopping } from '../result/majority.ts'
import type { FaultRecord } from '../result/run-summary.ts'
import { createFaultRecords } from './fault-records.ts'
import { type ActiveFault, createFaultsInForce } from './faults-in-force.ts'

export interface NemesisLoop {
  active(): readonly Fault[]
  /**
   * Returns the faults injected so far, with resolved nodes and links. For a fault in force, `to` is the planned end.
   */
  injected(): readonly { readonly fault: Fault; readonly from: Nanos; readonly to: Nanos }[]
  /** Whether a fault of this kind has taken effect, as known after its healing. */
  hasBitten(kind: FaultKind): boolean
  add(scheduled: ScheduledFault): void
  /** Injects a fault. The fault lasts until it is healed, or at the latest until the loop stops. */
  inject(fault: Fault, injected: (outcome: Injected) => void): void
  /** Heals the fault with this id, regardless of what injected it. */
  healOne(id: string, healed: (outcome: Healed) => void): void
  /** Records a fault that another program injects and heals. */
  noticed: FaultNoticed
  /** Drops the pending faults and heals those in force. Does nothing after `stop`. */
  heal(healed: () => void): void
  /** Starts no more faults, heals those in force, and calls back with all records. */
  stop(stopped: (records: readonly FaultRecord[], trouble: readonly string[]) => void): void
}

interface NemesisLoopOptions {
  readonly cluster: Cluster
  readonly recorder: RunRecorder
  /** The planned faults. Their times count from `startedAt`. */
  readonly schedule: Schedule
  /** Start of the run, by the cluster's clock. */
  readonly startedAt: Nanos
  /** Each fault has its own random stream, so that removing one fault does not change the others. */
  readonly random: Random
}

/** The end time of a fault without a scheduled end. Such a fault lasts until a call heals it. */
const NEVER = nanos(Number.MAX_SAFE_INTEGER)

/** Executes a schedule of faults, and records it in the history. */
export function startNemesisLoop({ cluster, recorder, schedule, startedAt, random }: NemesisLoopOptions): NemesisLoop {
  const { since, later, cancelAll } = createTimetable(cluster.clock, startedAt)
  const records = createFaultRecords(recorder, since)
  const inForce = createFaultsInForce(cluster, records, since, settle)
  let stopped = false
  let byHand = 0
  let onHealed: (() => void) | undefined

  for (const scheduled of schedule) add(scheduled)

  function add(scheduled: ScheduledFault): void {
    if (!stopped) later(scheduled.from, () => begin(scheduled))
  }

  function begin({ id, plan, to }: ScheduledFault): void {
    const resolved = isResolved(plan) ? plan : resolveFault(plan, situationOf(id))
    const fault = withoutOverlap(resolved, inForce.active)
    if (fault === undefined) {
      records.skipped(id, resolved, alreadyDown(resolved))
      return
    }
    inForce.enter({ id, fault, to }, (outcome, current) => {
      if (outcome.type === 'failed') return
      if (onHealed !== undefined) inForce.end(current)
      else later(to, () => inForce.end(current))
    })
  }

  const situationOf = (id: string): Situation => ({
    nodes: [...cluster.nodes, ...(cluster.besides ?? [])],
    leader: currentLeader(cluster),
    random: random.fork(id),
  })

  function settle(): void {
    if (inForce.active.size === 0) onHealed?.()
  }

  function heal(healed: () => void): void {
    cancelAll()
    onHealed = () => {
      onHealed = undefined
      healed()
    }
    for (const current of [...inForce.active.values()]) inForce.end(current)
    settle()
  }

  return {
    hasBitten: records.haveBitten,
    add,
    inject(fault, callback) {
      if (stopped) return callback({ type: 'failed', error: 'the run is over' })
      byHand++
      inForce.enter({ id: `by hand ${byHand}`, fault, to: NEVER }, (outcome, current) =>
        callback(
          outcome.type === 'failed' ? outcome : { type: 'injected', heal: (healed) => inForce.end(current, healed) },
        ),
      )
    },
    healOne(id, healed) {
      const current = inForce.active.get(id)
      if (current?.heal === undefined) healed({ type: 'failed', error: `no fault ${id} is in force` })
      else inForce.end(current, healed)
    },
    heal(healed) {
      // After `stop`, another healing would replace the callback of `stop`.
      if (!stopped) heal(healed)
    },
    // On real processes, a fault may begin after its planned end. In that case, its actual beginning is recorded as its
    // end.
    injected: () => inForce.injected.map(({ fault, from, to }) => ({ fault, from, to: nanos(Math.max(from, to)) })),
    noticed: inForce.noticed,
    active: () => [...inForce.active.values(), ...inForce.strangers.values()].map((current) => current.fault),
    stop(done) {
      stopped = true
      heal(() => done(inForce.concluded(), records.trouble))
    },
  }
}

/** Schedules callbacks at times relative to `startedAt`. */
function createTimetable(clock: Cluster['clock'], startedAt: Nanos) {
  const timers: Cancel[] = []
  return {
    since: (): Nanos => nanos(clock.now() - startedAt),
    later(time: Nanos, callback: () => void): void {
      timers.push(clock.at(nanos(startedAt + time), callback))
    },
    cancelAll(): void {
      for (const cancel of timers) cancel()
      timers.length = 0
    },
  }
}

/** Explains a skipped fault: `n1 was down or paused already`. */
function alreadyDown(fault: Fault): string {
  const nodes = 'nodes' in fault ? fault.nodes : []
  return `${nodes.join(' and ')} ${nodes.length === 1 ? 'was' : 'were'} down or paused already`
}

/** Removes the nodes that another fault stops, because both healings would restart the same nodes. */
function withoutOverlap(fault: Fault, active: ReadonlyMap<string, ActiveFault>): Fault | undefined {
  if (!isStopping(fault)) return fault
  const down: string[] = []
  for (const other of active.values()) if (isStopping(other.fault)) down.push(...other.fault.nodes)
  const nodes = fault.nodes.filter((node) => !down.includes(node))
  if (nodes.length === 0) return undefined
  return nodes.length === fault.nodes.length ? fault : { ...fault, nodes }
}

/**
 * Returns the node that leads with the highest term: a deposed leader with a lower term may still believe that it
 * leads. Undefined if several nodes lead with the highest term.
 */
export function currentLeader(cluster: Pick<Cluster, 'status'>): string | undefined {
  let leader: string | undefined
  let highest = -1
  for (const [node, status] of cluster.status()) {
    if (status?.leads !== true) continue
    const term = status.term ?? 0
    if (term < highest) continue
    leader = term > highest ? node : undefined
    highest = term
  }
  return leader
}
