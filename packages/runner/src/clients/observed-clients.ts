import { type Millis, millis, millisToNanos, type Nanos, nanos } from '@chaosproxy/history'
import type { Cluster, HistorySink, ObservedClients, WireEvent, WireSink } from '../ports/cluster.ts'
import type { LiveJudge } from '../ports/live-judge.ts'
import type { RunOptions } from '../ports/run-options.ts'
import type { RunRecorder } from './recorder.ts'
import { createRepeats } from './repeats.ts'
import type { RunClients } from './run-clients.ts'
import { createSettlement, type Settlement } from './settlement.ts'

/** Maximum number of keys that get a final read. */
const MOST_FINAL_KEYS = 2_000
/** Time to wait for replies to operations that clients left open. */
const OPEN_MS = millis(1_000)
const LOOK_EVERY_MS = millis(20)

/** Observes clients that the run does not drive, by the record of the cluster's proxy. */
export function observeClients(
  { cluster, workload, sink }: RunOptions,
  observed: ObservedClients,
  { since, online }: { readonly since: () => Nanos; readonly online: LiveJudge },
): RunClients {
  if (cluster.record === undefined)
    throw new Error('observed clients need a proxy that records, and the cluster has none')
  const settlement = createSettlement()
  const repeats = createRepeats(typeof workload.model === 'string' ? workload.model : workload.model.name)
  const traffic = noting({ sink, settlement, repeats, online })
  const wire = cluster.record(traffic.sink, since)
  let processes = 0
  const recorder: RunRecorder = {
    newProcess: () => processes++,
    // This recorder ignores operations, because the proxy records the whole history, including the final reads.
    invoked() {},
    completed() {},
    nemesis: (f, value) => wire.note(f, value),
    counts: () => wire.counts(),
  }
  return {
    recorder,
    // Healing comes after the end of the clients. Until then, the faults may cause failures, which must be observed.
    stop: (why, heal, stopped) => observed.end(why, () => heal(() => whenQuiet(cluster.clock, traffic.open, stopped))),
    follow: (followed) => followed(),
    inputs: () => workload.finale([...traffic.keys].filter(observed.canRead)),
    areLikeFinalReads: false,
    settle() {
      wire.finish()
      return settlement.settled()
    },
    doubts: () => (observed.repeatsAreDoubtful ? repeats.doubts() : []),
  }
}

interface Noting {
  readonly sink: HistorySink
  readonly settlement: Settlement
  readonly repeats: ReturnType<typeof createRepeats>
  readonly online: LiveJudge
}

/** Records events, and notes the keys and the open operations of clients. */
function noting({ sink, settlement, repeats, online }: Noting) {
  const keys = new Set<string>()
  const open = new Set<WireEvent['process']>()
  const wire: WireSink = {
    judge: online,
    client(line, event) {
      if (sink.wire === undefined) sink.append(event)
      else sink.wire.client(line, event)
      // The removal of an expired key may take effect at any time, so the run does not wait for it.
      if (event.type === 'invoke' && event.expires !== true) open.add(event.process)
      else open.delete(event.process)
      if (event.key !== undefined && keys.size < MOST_FINAL_KEYS && event.process !== 'recorder') keys.add(event.key)
      settlement.clientEvent(event)
      repeats.client(line, event)
      online.push(event)
    },
    backend(line, event) {
      sink.wire?.backend(line)
      settlement.backendEvent(event)
      repeats.backend(event)
    },
  }
  return { sink: wire, keys, open }
}

/** Waits until the operations that clients left open are answered, at most `OPEN_MS`. */
function whenQuiet(clock: Cluster['clock'], open: ReadonlySet<unknown>, done: () => void): void {
  const until = later(clock, OPEN_MS)
  const look = () => {
    if (open.size === 0 || clock.now() >= until) done()
    else clock.at(later(clock, LOOK_EVERY_MS), look)
  }
  look()
}

const later = (clock: Cluster['clock'], ms: Millis): Nanos => nanos(clock.now() + millisToNanos(ms))
