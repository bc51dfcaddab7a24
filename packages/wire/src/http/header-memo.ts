import type { HeaderBlock } from './header-block.ts'

const REMEMBERED = 8
const MISSES_BEFORE_PAUSE = 16
const PAUSE = 64

/**
 * Recognises repeated header blocks. Clients and servers send the same field lines repeatedly. Instead of parsing such
 * a block, the memo compares all its bytes, through the empty line, with those of known blocks. The memo pauses if
 * blocks keep differing, for example by a request id.
 */
export class HeaderMemo {
  readonly #blocks: HeaderBlock[] = []
  /** The index of the entry that the next new block replaces. */
  #oldest = 0
  #misses = 0
  #pause = 0

  /** Returns the known block that begins at `start`; undefined if the block is not known. */
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
  // The last character of the last value distinguishes most blocks without a function call.
  if (bytes[end - 1] !== 0x0a || bytes[end - 5] !== block[length - 5]) return false
  return bytes.compare(block, 0, length, start, end) === 0
}
