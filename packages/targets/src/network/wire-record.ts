import { type Nanos, nanos } from '@chaosproxy/history'
import type { Recorder } from '@chaosproxy/recorder'
import { createRecorder } from '@chaosproxy/recorder'
import type { WireEvent, WireRecorder, WireSink } from '@chaosproxy/runner'

/** Keeps what the proxy sees of the clients until recording begins. */
export interface WireRecord {
  readonly recorder: Recorder
  /** Starts recording to the sink, with times from this clock. Call once. */
  readonly begin: (sink: WireSink, now: () => Nanos) => WireRecorder
}

export function openWireRecord(): WireRecord {
  let sink: WireSink | undefined
  let now = () => nanos(0)
  const recorder = createRecorder({
    client: { write: (line, event) => sink?.client(line, event as WireEvent) },
    backend: { write: (line, event) => sink?.backend(line, event as WireEvent) },
    now: () => now(),
  })
  return {
    recorder,
    begin(chosen, clock) {
      sink = chosen
      now = clock
      return {
        note: (f, value) => recorder.note(f, value),
        missed({ session, node, f, key, value, final, error }) {
          const exchange = recorder.connection({ node, client: session }).beginWhole(clock())
          exchange.called({ kind: 'operations', calls: [{ f, key, value }], session, final })
          exchange.ended(clock(), error)
        },
        counts: () => {
          const { ok, fail, info } = recorder.counters
          return { ok, fail, info }
        },
        finish: () => recorder.finish(),
      }
    },
  }
}
