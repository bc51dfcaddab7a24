// Groups the socket reads of each turn of the event loop. One poll often finds many readable sockets. If each socket
// were handled completely before the next one is read, each write would wake a sleeping peer, and each system call
// would evict the handling code from the caches. A turn therefore first reads all sockets, then handles the bytes, and
// then writes everything.

import { setImmediate } from 'node:timers'

/** Receives the bytes that a socket read. Their memory is valid until the turn ends. */
export type Receive = (bytes: Buffer) => void

/** An object that holds bytes to write at the end of the turn. */
export interface Flushing {
  /** Writes the bytes. Returns false if their memory is still needed after the call. */
  flush(): boolean
}

/**
 * The longest read that is gathered. Longer reads are handled immediately: copying them would cost more than it saves.
 */
export const LONGEST_GATHERED_BYTES: number = 4 * 1024

const MEMORY_BYTES = 256 * 1024

/** The memory to which borrowed bytes are copied, filled from its start in each turn. */
let memory = Buffer.allocUnsafeSlow(MEMORY_BYTES)
let usedBytes = 0
let isMemoryKept = false

let receivers: Receive[] = []
let reads: Buffer[] = []
let flushing: Flushing[] = []
let isScheduled = false
let isHandling = false

/**
 * Submits the bytes that a socket read. The order of the calls is the order of the reads. If `borrowed`, the memory of
 * the bytes is reused after this call.
 */
export function receiveInTurn(receive: Receive, bytes: Buffer, borrowed: boolean): void {
  if (borrowed && usedBytes + bytes.length > MEMORY_BYTES) endTurn()
  receivers.push(receive)
  reads.push(borrowed ? copyOf(bytes) : bytes)
  if (isScheduled) return
  isScheduled = true
  setImmediate(scheduledEnd)
}

/** Whether reads are being handled, so that writes can wait for the end of the turn. */
export const gathersWrites = (): boolean => isHandling

/** Calls `pending.flush` once all reads of this turn are handled. */
export function flushInTurn(pending: Flushing): void {
  flushing.push(pending)
}

/** Keeps this turn's memory, because some of its bytes are still needed after the turn. */
export function keepMemory(): void {
  isMemoryKept = true
}

/** Handles all reads so far. Must be called before any action that has to follow them. */
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
