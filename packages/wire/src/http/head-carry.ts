import { CR, LF, MAXIMUM_HEAD_BYTES } from './syntax.ts'

/**
 * Gathers a head split by chunk boundaries. Each byte is examined and copied once. The lines are read when the head is
 * complete.
 */
export class HeadCarry {
  readonly #mayBeginEmpty: boolean
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0
  #lineAt = 0
  #begun = false
  /** The length of the empty lines before the head. */
  #blankBytes = 0

  constructor({ mayBeginEmpty }: { readonly mayBeginEmpty: boolean }) {
    this.#mayBeginEmpty = mayBeginEmpty
  }

  get length(): number {
    return this.#length
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** The bytes so far, without the empty lines before the head. */
  get text(): Buffer {
    return this.#bytes.subarray(this.#blankBytes, this.#length)
  }

  get isBlank(): boolean {
    return (
      !this.#begun &&
      this.#length - this.#lineAt <= 1 &&
      (this.#length === this.#lineAt || this.#bytes[this.#lineAt] === CR)
    )
  }

  /**
   * Gathers bytes from `from` on. Returns the offset after the head. Returns undefined while the head is incomplete,
   * and -1 if the head is malformed or too long.
   */
  gather(bytes: Buffer, from: number): number | undefined {
    for (let i = from; i < bytes.length; i++) {
      if (bytes[i] !== LF) continue
      this.#append(bytes, from, i + 1)
      from = i + 1
      if (this.#length > MAXIMUM_HEAD_BYTES || this.#bytes[this.#length - 2] !== CR) return -1
      const isEmpty = this.#length - this.#lineAt === 2
      this.#lineAt = this.#length
      if (!isEmpty) this.#begun = true
      else if (this.#begun) return from
      else if (!this.#mayBeginEmpty) return -1
      else this.#blankBytes = this.#length
    }
    this.#append(bytes, from, bytes.length)
    return this.#length > MAXIMUM_HEAD_BYTES ? -1 : undefined
  }

  clear(): void {
    this.#length = 0
    this.#lineAt = 0
    this.#begun = false
    this.#blankBytes = 0
  }

  #append(bytes: Buffer, start: number, end: number): void {
    const length = this.#length + end - start
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(256, length, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    bytes.copy(this.#bytes, this.#length, start, end)
    this.#length = length
  }
}
