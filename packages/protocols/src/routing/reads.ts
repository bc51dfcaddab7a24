import type { Input } from '@chaosproxy/history'

/** A read that waits for the leader's confirmation, and for an entry. */
export interface Read<Origin> {
  readonly origin: Origin
  readonly input: Input
  /** The entry that must be applied first. */
  readonly index: number
  /** The round that a majority must answer first. */
  readonly round: number
}

/** Reads in order of arrival, of rounds and of indexes. */
export interface ReadQueue<Origin> {
  readonly reads: Read<Origin>[]
  readonly roundConfirmed: number
  readonly applied: number
}

/** Removes and returns the answerable reads. */
export function takeReady<Origin>({ reads, roundConfirmed, applied }: ReadQueue<Origin>): readonly Read<Origin>[] {
  let ready = 0
  for (const { index, round } of reads) {
    if (round > roundConfirmed || index > applied) break
    ready++
  }
  return ready === 0 ? NONE : reads.splice(0, ready)
}

const NONE: readonly never[] = []
