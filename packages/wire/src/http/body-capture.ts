import { createHash, type Hash } from 'node:crypto'
import type { Json } from '@chaosproxy/history'

/**
 * The content of a body: its bytes, or their parsed form. For a long body, only its length and SHA-256. For a response
 * without its content, `withheld` says why.
 */
export type Captured =
  | { readonly bytes: Buffer }
  | { readonly sha256: string; readonly length: number }
  | { readonly json: Json }
  | { readonly withheld: string }

const NOTHING = Buffer.alloc(0)

/** Captures a body from its pieces. A single piece is not copied; see `release`. */
export class BodyCapture {
  #keepBytes = 0
  readonly #pieces: Buffer[] = []
  /** From this index on, pieces are in borrowed memory. */
  #borrowedFrom = 0
  #length = 0
  #hash: Hash | undefined

  /**
   * Begins a body. Keeps a body of up to `keepBytes` bytes, and only the hash and length of a longer body. If
   * `keepBytes` is 0, keeps neither body nor hash.
   */
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

  /** Copies the pieces that lie in borrowed memory, because this memory is about to be reused. */
  release(): void {
    for (; this.#borrowedFrom < this.#pieces.length; this.#borrowedFrom++)
      this.#pieces[this.#borrowedFrom] = Buffer.from(this.#pieces[this.#borrowedFrom] ?? NOTHING)
  }

  /** Returns the captured body, if it was to be kept. It may be in borrowed memory; see `release`. */
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
