// A poll of the event loop often finds many sockets readable. Handling each of them completely before reading the next
// wakes a sleeping peer at every write, and lets every system call evict the caches of the code in between. So a turn
// first gathers all reads, then handles them, then writes everything.

import { setImmediate } from 'node:timers'

/** Takes what a socket read. The memory is valid until the turn ends. */
export type Receive = (bytes: Buffer) => void

/** Something that holds bytes to write at the end of the turn. */
export interface Flushing {
  /** False if the memory is still needed once this returns. */
  flush(): boolean
}

/** Longer reads are handled at once: copying them would cost more than it saves. */
export const LONGEST_GATHERED_BYTES: number = 4 * 1024

const MEMORY_BYTES = 256 * 1024

/** Where borrowed bytes are copied to; used from the front, and again in the next turn. */
let memory = Buffer.allocUnsafeSlow(MEMORY_BYTES)
let usedBytes = 0
let isMemoryKept = false

let receivers: Receive[] = []
let reads: Buffer[] = []
let flushing: Flushing[] = []
let isScheduled = false
let isHandling = false

/** Submits what a socket read, in the order of the calls. `borrowed`: its memory is reused after this call. */
export function receiveInTurn(receive: Receive, bytes: Buffer, borrowed: boolean): void {
  if (borrowed && usedBytes + bytes.length > MEMORY_BYTES) endTurn()
  receivers.push(receive)
  reads.push(borrowed ? copyOf(bytes) : bytes)
  if (isScheduled) return
  isScheduled = true
  setImmediate(scheduledEnd)
}

/** Whether reads are being handled now, so that writes can wait for the end of the turn. */
export const gathersWrites = (): boolean => isHandling

/** Calls `flush` once all reads of this turn are handled. */
export function flushInTurn(pending: Flushing): void {
  flushing.push(pending)
}

/** Some bytes of this turn are still needed once it ends. */
export function keepMemory(): void {
  isMemoryKept = true
}

/** Handles all reads so far. Call it before anything that must come after them. */
export function endTurn(): void {
  if (isHandling || reads.length === 0) return
  const [handledBy, handled] = [receivers, reads]
  receivers = []
  reads = []
  isHandling = true
  try {
    for (let i = 0; i < handled.length; i++) {
      const bytes = handled[i]
      if (bytes !== undefined) handledBy[i]?.(bytes)
    }
  } finally {
    isHandling = false
    flush()
  }
}

function scheduledEnd(): void {
  isScheduled = false
  endTurn()
}

function flush(): void {
  const pending = flushing
  flushing = []
  for (const each of pending) if (!each.flush()) keepMemory()
  usedBytes = 0
  if (!isMemoryKept) return
  isMemoryKept = false
  memory = Buffer.allocUnsafeSlow(MEMORY_BYTES)
}

function copyOf(bytes: Buffer): Buffer {
  const start = usedBytes
  memory.set(bytes, start)
  usedBytes += bytes.length
  return memory.subarray(start, usedBytes)
}
