import type { Link } from '@chaosproxy/faults'
import { type LinkTape, type Passage, readPassages } from './passages.ts'
import { Tape, type TapeBudget } from './tape.ts'

/** The tapes of a network. */
export interface Tapes {
  /** The tape of a link, created now; undefined if the link has none. */
  of(link: Link): Tape | undefined
  passages(): Iterable<Passage>
}

/** The memory for one link: about 15,000 small requests. */
const LINK_TAPE_BYTES = 4 * 1024 * 1024
/** The memory for all links. */
const TAPES_BYTES = 64 * 1024 * 1024

export function createTapes(isTaped: (link: Link) => boolean = () => false): Tapes {
  const budget: TapeBudget = { leftBytes: TAPES_BYTES }
  const tapes: LinkTape[] = []
  return {
    of(link) {
      if (!isTaped(link)) return undefined
      const tape = new Tape(LINK_TAPE_BYTES, budget)
      tapes.push({ link, tape })
      return tape
    },
    passages: () => readPassages(tapes),
  }
}
