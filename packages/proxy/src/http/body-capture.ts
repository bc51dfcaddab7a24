import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { Json } from '@chaosproxy/history'

/**
 * What there is of a body: its bytes, or where there were too many of them their number and SHA-256; or what it says; or
 * what kind of answer leaves its content out.
 */
export type Captured =
  | { readonly bytes: Buffer }
  | { readonly sha256: string; readonly length: number }
  | { readonly json: Json }
  | { readonly withheld: string }

const NOTHING = Buffer.alloc(0)

/** Gathers the pieces of a body's content. What comes in one piece is not copied; see `release`. */
export class BodyCapture {
  #keepBytes = 0
  readonly #pieces: Buffer[] = []
  /** Pieces from here on are in memory that is not ours. */
  #borrowedFrom = 0
  #length = 0
  #hash: Hash | undefined

  /** Of a body longer than `keepBytes`, only its hash is kept; with 0, nothing. */
  start(keepBytes: number): void {
    this.#keepBytes = keepBytes
    this.#length = 0
    this.#hash = undefined
    this.#forgetPieces()
  }

  add(bytes: Buffer, start: number, end: number): void {
    if (this.#keepBytes === 0) return
    const piece = bytes.subarray(start, end)
    this.#length += piece.length
    if (this.#hash === undefined && this.#length > this.#keepBytes) {
      this.#hash = createHash('sha256')
      for (const kept of this.#pieces) this.#hash.update(kept)
      this.#forgetPieces()
    }
    if (this.#hash === undefined) this.#pieces.push(piece)
    else this.#hash.update(piece)
  }

  /** The memory of the pieces so far goes back to where it came from. */
  release(): void {
    for (; this.#borrowedFrom < this.#pieces.length; this.#borrowedFrom++)
      this.#pieces[this.#borrowedFrom] = Buffer.from(this.#pieces[this.#borrowedFrom] ?? NOTHING)
  }

  /** Undefined where it was not wanted. What it gives may be borrowed: see `release`. */
  end(): Captured | undefined {
    if (this.#keepBytes === 0) return undefined
    if (this.#hash !== undefined) return { sha256: this.#hash.digest('hex'), length: this.#length }
    const only = this.#pieces[0]
    if (only === undefined) return EMPTY
    const bytes = this.#pieces.length === 1 ? only : Buffer.concat(this.#pieces)
    this.#forgetPieces()
    return { bytes }
  }

  #forgetPieces(): void {
    while (this.#pieces.length > 0) this.#pieces.pop()
    this.#borrowedFrom = 0
  }
}

const EMPTY: Captured = { bytes: NOTHING }
