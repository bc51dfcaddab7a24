import { setImmediate } from 'node:timers'
import type { LoadEntry } from '@chaosproxy/runner'
import { type Chunk, chunkOf } from './messages.ts'

/** After this time, an unacknowledged chunk is sent again. */
const AGAIN_AFTER_MS = 500

/** A worker's unacknowledged reports. They are few, because clients wait for acknowledgements. */
export interface Outbox {
  made(): number
  add(entry: LoadEntry): void
  /** Calls back once all reports so far are acknowledged. */
  whenKnown(known: () => void): void
  flush(): void
  /** Records that all chunks up to this number have arrived. */
  acknowledged(chunk: number): void
  /** Sends possibly lost chunks again, if there are any. */
  repeat(): boolean
}

export function createOutbox(send: (chunk: Chunk) => void): Outbox {
  const unacknowledged: { readonly chunk: Chunk; sentAt: number }[] = []
  let waiting: { readonly chunk: number; readonly known: () => void }[] = []
  let entries: LoadEntry[] = []
  let [made, known] = [0, 0]
  let isDue = false

  function flush(): void {
    isDue = false
    if (entries.length === 0) return
    made += 1
    const chunk = chunkOf(made, entries)
    entries = []
    unacknowledged.push({ chunk, sentAt: performance.now() })
    send(chunk)
  }

  return {
    made: () => made,
    add(entry) {
      entries.push(entry)
      if (isDue) return
      isDue = true
      // The entry is sent together with all other entries of this turn of the event loop.
      setImmediate(flush)
    },
    whenKnown(callback) {
      waiting.push({ chunk: entries.length === 0 ? made : made + 1, known: callback })
    },
    flush,
    acknowledged(number) {
      if (number <= known || number > made) return
      known = number
      while ((unacknowledged[0]?.chunk.number ?? Number.POSITIVE_INFINITY) <= known) unacknowledged.shift()
      const ready = waiting.filter(({ chunk }) => chunk <= known)
      waiting = waiting.filter(({ chunk }) => chunk > known)
      for (const each of ready) each.known()
    },
    repeat() {
      const late = unacknowledged.filter(({ sentAt }) => performance.now() - sentAt > AGAIN_AFTER_MS)
      for (const each of late) {
        each.sentAt = performance.now()
        send(each.chunk)
      }
      return late.length > 0
    },
  }
}
