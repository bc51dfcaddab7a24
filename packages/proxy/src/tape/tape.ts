/** An event on one direction of one connection. */
export type TapeEntry = { readonly stream: number; readonly atMs: number } & (
  | { readonly kind: 'opened' | 'finished' | 'closed' | 'disturbed' | 'unread' }
  /** The receiver's socket has accepted the first `totalBytes` of the stream. */
  | { readonly kind: 'delivered'; readonly totalBytes: number }
  | TapedBytes
)

export interface TapedBytes {
  readonly kind: 'bytes'
  /** The number of bytes that precede this chunk in its stream. */
  readonly positionBytes: number
  readonly sizeBytes: number
  /** The first of the chunk's bytes, in the tape's memory. */
  readonly bytes: Buffer
  readonly isDelivered: boolean
}

/** The memory that all tapes of a network share. */
export interface TapeBudget {
  leftBytes: number
}

const SLAB_BYTES = 64 * 1024
/** Maximum number of bytes that a tape keeps of one chunk. */
const MOST_KEPT_BYTES = 16 * 1024
const HEADER_BYTES = 32

const KINDS = ['opened', 'finished', 'closed', 'disturbed', 'unread', 'delivered', 'bytes'] as const
const BYTES = KINDS.indexOf('bytes')
const DELIVERED = KINDS.indexOf('delivered')

interface Slab {
  readonly memory: Buffer
  usedBytes: number
  lastAtMs: number
}

/**
 * The traffic of one link, in bounded memory: the oldest traffic is dropped first. Writes are on the hot path, and only
 * copy bytes.
 */
export class Tape {
  /** The time before which entries may have been dropped. */
  forgottenUntilMs: number = Number.NEGATIVE_INFINITY
  readonly #budget: TapeBudget
  readonly #mostSlabs: number
  readonly #slabs: Slab[] = []
  /** The offset of the last slab's last entry. */
  #lastAt = -1

  constructor(mostBytes: number, budget: TapeBudget) {
    this.#mostSlabs = Math.floor(mostBytes / SLAB_BYTES)
    this.#budget = budget
  }

  get memoryBytes(): number {
    return this.#slabs.length * SLAB_BYTES
  }

  note(kind: 'opened' | 'finished' | 'closed' | 'disturbed' | 'unread', stream: number, atMs: number): void {
    this.#entry(KINDS.indexOf(kind), stream, atMs, 0)
  }

  received(stream: number, atMs: number, positionBytes: number, bytes: Buffer): void {
    const keptBytes = Math.min(bytes.length, MOST_KEPT_BYTES)
    const slab = this.#entry(BYTES, stream, atMs, keptBytes)
    if (slab === undefined) return
    slab.memory.writeDoubleLE(positionBytes, this.#lastAt + 16)
    slab.memory.writeUInt32LE(bytes.length, this.#lastAt + 24)
    bytes.copy(slab.memory, this.#lastAt + HEADER_BYTES, 0, keptBytes)
  }

  delivered(stream: number, atMs: number, totalBytes: number): void {
    if (this.#markLast(stream, atMs, totalBytes)) return
    this.#entry(DELIVERED, stream, atMs, 0)?.memory.writeDoubleLE(totalBytes, this.#lastAt + 16)
  }

  *entries(): Generator<TapeEntry> {
    for (const { memory, usedBytes } of this.#slabs) {
      for (let at = 0; at < usedBytes; at += HEADER_BYTES + memory.readUInt16LE(at + 2)) yield entryAt(memory, at)
    }
  }

  /**
   * Marks the last entry as delivered and returns true, if its bytes belong to this stream, arrived at `atMs`, and end
   * at the position `totalBytes` of the stream.
   */
  #markLast(stream: number, atMs: number, totalBytes: number): boolean {
    const memory = this.#slabs.at(-1)?.memory
    const at = this.#lastAt
    if (memory === undefined || at < 0 || memory[at] !== BYTES) return false
    if (memory.readUInt32LE(at + 4) !== stream || memory.readDoubleLE(at + 8) !== atMs) return false
    if (memory.readDoubleLE(at + 16) + memory.readUInt32LE(at + 24) !== totalBytes) return false
    memory[at + 1] = 1
    return true
  }

  /**
   * Writes the header of a new entry. Returns the block of memory that holds the entry, or undefined if no memory is
   * left.
   */
  #entry(kind: number, stream: number, atMs: number, keptBytes: number): Slab | undefined {
    const slab = this.#withRoom(HEADER_BYTES + keptBytes)
    if (slab === undefined) {
      this.forgottenUntilMs = atMs
      return undefined
    }
    const { memory, usedBytes: at } = slab
    memory[at] = kind
    memory[at + 1] = 0
    memory.writeUInt16LE(keptBytes, at + 2)
    memory.writeUInt32LE(stream, at + 4)
    memory.writeDoubleLE(atMs, at + 8)
    slab.usedBytes = at + HEADER_BYTES + keptBytes
    slab.lastAtMs = atMs
    this.#lastAt = at
    return slab
  }

  #withRoom(neededBytes: number): Slab | undefined {
    const last = this.#slabs.at(-1)
    if (last !== undefined && last.usedBytes + neededBytes <= SLAB_BYTES) return last
    const isMore = this.#slabs.length < this.#mostSlabs && this.#budget.leftBytes >= SLAB_BYTES
    if (isMore) this.#budget.leftBytes -= SLAB_BYTES
    const next = isMore
      ? { memory: Buffer.allocUnsafeSlow(SLAB_BYTES), usedBytes: 0, lastAtMs: 0 }
      : this.#slabs.shift()
    if (next === undefined) return undefined
    if (!isMore) this.forgottenUntilMs = next.lastAtMs
    next.usedBytes = 0
    this.#slabs.push(next)
    return next
  }
}

function entryAt(memory: Buffer, at: number): TapeEntry {
  const kind = KINDS[memory[at] ?? 0] ?? 'unread'
  const stream = memory.readUInt32LE(at + 4)
  const atMs = memory.readDoubleLE(at + 8)
  switch (kind) {
    case 'delivered':
      return { kind, stream, atMs, totalBytes: memory.readDoubleLE(at + 16) }
    case 'bytes': {
      const start = at + HEADER_BYTES
      const bytes = memory.subarray(start, start + memory.readUInt16LE(at + 2))
      const positionBytes = memory.readDoubleLE(at + 16)
      const sizeBytes = memory.readUInt32LE(at + 24)
      return { kind, stream, atMs, positionBytes, sizeBytes, bytes, isDelivered: memory[at + 1] === 1 }
    }
    default:
      return { kind, stream, atMs }
  }
}
