import type { HeaderBlock } from './header-block.ts'

const REMEMBERED = 8
const MISSES_BEFORE_PAUSE = 16
const PAUSE = 64

/**
 * Recognises repeated header blocks. Clients and servers send the same field lines repeatedly, so the memo compares the
 * bytes instead of parsing them. It pauses if blocks keep differing, for example by a request id.
 */
export class HeaderMemo {
  readonly #blocks: HeaderBlock[] = []
  #oldest = 0
  #misses = 0
  #pause = 0

  /** Returns the known block that begins at `start`. */
  find(bytes: Buffer, start: number): HeaderBlock | undefined {
    if (this.#pause > 0) {
      this.#pause--
      return undefined
    }
    const blocks = this.#blocks
    for (let i = 0; i < blocks.length; i++) {
      const block = blocks[i]
      if (block === undefined || !startsWith(bytes, start, block.bytes)) continue
      this.#misses = 0
      return block
    }
    if (++this.#misses >= MISSES_BEFORE_PAUSE) {
      this.#misses = 0
      this.#pause = PAUSE
    }
    return undefined
  }

  add(block: HeaderBlock): void {
    if (this.#pause > 0) return
    this.#blocks[this.#oldest] = block
    this.#oldest = (this.#oldest + 1) % REMEMBERED
  }
}

function startsWith(bytes: Buffer, start: number, block: Buffer): boolean {
  const length = block.length
  const end = start + length
  if (end > bytes.length) return false
  // If two blocks differ, their last characters usually differ, too. This comparison then saves the call of `compare`.
  if (bytes[end - 1] !== 0x0a || bytes[end - 5] !== block[length - 5]) return false
  return bytes.compare(block, 0, length, start, end) === 0
}
