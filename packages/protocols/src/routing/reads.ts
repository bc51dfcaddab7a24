import type { Input } from '@chaosproxy/history'

/** A pending read, which waits for a round of messages that confirms the leader, and for an entry to be applied. */
export interface Read<Origin> {
  readonly origin: Origin
  readonly input: Input
  /** The read is answered only after this entry is applied. */
  readonly index: number
  /** The read is answered only after a majority has answered this round. */
  readonly round: number
}

/** Pending reads in order of arrival, which is also the order of their rounds and indexes. */
export interface ReadQueue<Origin> {
  readonly reads: Read<Origin>[]
  readonly roundConfirmed: number
  readonly applied: number
}

/** Removes and returns the reads that may be answered now. */
export function takeReady<Origin>({ reads, roundConfirmed, applied }: ReadQueue<Origin>): readonly Read<Origin>[] {
  let ready = 0
  for (const { index, round } of reads) {
    if (round > roundConfirmed || index > applied) break
    ready++
  }
  return ready === 0 ? NONE : reads.splice(0, ready)
}

const NONE: readonly never[] = []
