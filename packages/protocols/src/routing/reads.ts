import type { Input } from '@chaosproxy/history'

/** A pending read, which waits until the leader is confirmed and an entry is applied. */
export interface Read<Origin> {
  readonly origin: Origin
  readonly input: Input
  readonly index: number
  readonly round: number
}

/** Pending reads in order of arrival, which is also the order of their rounds and indexes. */
interface ReadQueue<Origin> {
  readonly reads: Read<Origin>[]
  readonly roundConfirmed: number
  readonly applied: number
}

export function takeReady<Origin>({ reads, roundConfirmed, applied }: ReadQueue<Origin>): readonly Read<Origin>[] {
  let ready = 0
  for (const { index, round } of reads) {
    if (round > roundConfirmed || index > applied) break
    ready++
  }
  return ready === 0 ? NONE : reads.splice(0, ready)
}

const NONE: readonly never[] = []
