import { type Nanos, nanos } from '@chaosproxy/history'
import { createRecorder, type Recorder } from '@chaosproxy/recorder'
import { NOTHING_RECORDED, type WireEvent, type WireRecorder, type WireSink } from '@chaosproxy/runner'

/** The proxy's record of the clients. Events before its start get time 0. */
export interface WireRecord {
  readonly recorder: Recorder
  readonly judging: NonNullable<WireSink['judge']>
  /** Starts recording with times from this clock. Call once. */
  readonly begin: (sink: WireSink, now: () => Nanos) => WireRecorder
}

export function openWireRecord(): WireRecord {
  let early: ((sink: WireSink) => void)[] = []
  let write = (line: (sink: WireSink) => void): void => void early.push(line)
  let now = () => nanos(0)
  let judge: WireSink['judge']
  const awaiting: Parameters<NonNullable<WireSink['judge']>['onViolation']>[0][] = []
  const recorder = createRecorder({
    client: { write: (line, event) => write((sink) => sink.client(line, event as WireEvent)) },
    backend: { write: (line, event) => write((sink) => sink.backend(line, event as WireEvent)) },
    now: () => now(),
  })
  return {
    recorder,
    judging: {
      judged: () => judge?.judged() ?? NOTHING_RECORDED,
      onViolation(listener: (typeof awaiting)[number]) {
        if (judge === undefined) awaiting.push(listener)
        else judge.onViolation(listener)
      },
    },
    begin(sink, clock) {
      judge = sink.judge
      for (const listener of awaiting.splice(0)) judge?.onViolation(listener)
      for (const line of early) line(sink)
      early = []
      write = (line) => line(sink)
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
