import type { Trouble } from '../../tcp/trouble.ts'

/** A change in the control plane, or a problem with the traffic. */
type ControlEvent =
  | { readonly type: 'proxy-added' | 'proxy-changed' | 'proxy-removed'; readonly proxy: string }
  | { readonly type: 'fault-added' | 'fault-changed' | 'fault-removed'; readonly fault: string; readonly what: string }
  | { readonly type: 'fault-hit'; readonly fault: string; readonly hits: number }
  | { readonly type: 'lease-granted' | 'lease-ended'; readonly lease: string; readonly owner: string }
  | { readonly type: 'lease-expired'; readonly lease: string; readonly owner: string }
  | { readonly type: 'rules-swapped'; readonly epoch: number }
  | { readonly type: 'reset' }
  /** The recorded history violates the judged level. The event at `position` proves the violation. */
  | {
      readonly type: 'violation'
      readonly key?: string | undefined
      readonly position: number
      readonly file?: string | undefined
      readonly line?: number | undefined
      readonly sentence: string
      readonly noticedAfter: number
    }
  | Trouble

/** An event with its sequence number, which starts at 1, and its UTC time in ISO 8601. */
export type RecordedEvent = ControlEvent & { readonly sequence: number; readonly at: string }

export interface EventLog {
  emit(event: ControlEvent): void
  since(sequence: number): readonly RecordedEvent[]
  subscribe(listener: (event: RecordedEvent) => void): () => void
  readonly subscribers: number
  readonly lastSequence: number
}

/** The number of events kept for clients that reconnect. */
const KEPT = 1024

export function createEventLog(): EventLog {
  const kept: RecordedEvent[] = []
  const listeners: Set<(event: RecordedEvent) => void> = new Set()
  let sequence = 0
  return {
    emit(event) {
      sequence++
      const recorded = { ...event, sequence, at: new Date().toISOString() }
      kept.push(recorded)
      if (kept.length > KEPT) kept.shift()
      for (const listener of listeners) listener(recorded)
    },
    since: (after) => kept.filter((event) => event.sequence > after),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    get subscribers() {
      return listeners.size
    },
    get lastSequence() {
      return sequence
    },
  }
}
