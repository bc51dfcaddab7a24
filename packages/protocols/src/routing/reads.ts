import type { Input } from '@chaos/history'

/** A read that waits: for a round of messages that shows who leads, and for an entry to be carried out. */
export interface Read<Origin> {
  readonly origin: Origin
  readonly input: Input
  /** Answered once this entry is carried out … */
  readonly index: number
  /** … and this round has been answered by a majority. */
  readonly round: number
}

/** In the order in which they came: their rounds and indexes grow with them. */
export interface ReadQueue<Origin> {
  readonly reads: Read<Origin>[]
  readonly roundConfirmed: number
  readonly applied: number
}

/** Takes out those that may be answered now. */
export function takeReady<Origin>({ reads, roundConfirmed, applied }: ReadQueue<Origin>): readonly Read<Origin>[] {
  let ready = 0
  for (const { index, round } of reads) {
    if (round > roundConfirmed || index > applied) break
    ready++
  }
  return ready === 0 ? NONE : reads.splice(0, ready)
}

const NONE: readonly never[] = []
