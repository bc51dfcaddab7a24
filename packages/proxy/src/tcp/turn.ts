// Groups the socket reads of each turn of the event loop: all sockets are read, then the bytes are handled, then
// everything is written. Otherwise each write would wake a sleeping peer, and each system call would evict the code
// from the caches.

import { setImmediate } from 'node:timers'

export type Receive = (bytes: Buffer) => void

/** An object with bytes to write at the end of the turn. */
export interface Flushing {
  /** Writes the bytes. Returns false if their memory is still needed. */
  flush(): boolean
}

/**
 * Reads up to this length are collected and handled together. Longer reads are handled immediately, because copying
 * them would cost more than it saves.
 */
export const LONGEST_GATHERED_BYTES: number = 4 * 1024

const MEMORY_BYTES = 256 * 1024

let memory = Buffer.allocUnsafeSlow(MEMORY_BYTES)
let usedBytes = 0
let isMemoryKept = false

let receivers: Receive[] = []
let reads: Buffer[] = []
let flushing: Flushing[] = []
let isScheduled = false
let isHandling = false

/** Submits the bytes that a socket read. If `borrowed`, their memory is reused after this call. */
export function receiveInTurn(receive: Receive, bytes: Buffer, borrowed: boolean): void {
  if (borrowed && usedBytes + bytes.length > MEMORY_BYTES) endTurn()
  receivers.push(receive)
  reads.push(borrowed ? copyOf(bytes) : bytes)
  if (isScheduled) return
  isScheduled = true
  setImmediate(scheduledEnd)
}

/**
 * Reports whether reads are being handled. Writes to a socket can then be gathered until all these reads are handled.
 */
export const gathersWrites = (): boolean => isHandling

export function flushInTurn(pending: Flushing): void {
  flushing.push(pending)
}

/**
 * Prevents the reuse of the memory that holds the bytes read in this turn of the event loop. Some of these bytes are
 * still needed.
 */
export function keepMemory(): void {
  isMemoryKept = true
}

/** Handles all bytes read so far. Call it before any action that must come after these reads. */
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
