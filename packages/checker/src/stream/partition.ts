import type { OperationRow } from '../encoding/operation-row.ts'
import type { Commit, Poll, Send, StreamRecord } from './record.ts'

/** A message at an offset, and who says so. */
export interface Placed {
  readonly offset: number
  readonly message: string
  /** The first acknowledged send, or else the first poll, that puts it there. */
  readonly row: OperationRow
  /** Whether its send was acknowledged. */
  readonly acknowledged: boolean
}

/** All that is known of one partition. */
export interface Partition {
  readonly name: string
  readonly sends: readonly Send[]
  readonly polls: readonly Poll[]
  readonly commits: readonly Commit[]
  readonly starts: readonly Commit[]
  /** By offset, ascending; one entry for each message that is said to stand there. */
  readonly placed: readonly Placed[]
  /** The messages that somebody polled, with their offsets (see `seenAt`). */
  readonly seen: ReadonlySet<string>
}

export const seenAt = (offset: number, message: string): string => `${offset} ${message}`

export function partitionsOf({ sends, polls, commits, starts }: StreamRecord): readonly Partition[] {
  const names = new Set([...sends, ...polls, ...commits, ...starts].map(({ partition }) => partition))
  const by = <T extends { readonly partition: string }>(all: readonly T[]) => grouped(all, ({ partition }) => partition)
  const [bySend, byPoll, byCommit, byStart] = [by(sends), by(polls), by(commits), by(starts)]
  return [...names].map((name) => {
    const own = { sends: bySend.get(name) ?? [], polls: byPoll.get(name) ?? [] }
    const seen = new Set(own.polls.flatMap(({ messages }) => messages.map((each) => seenAt(each.offset, each.message))))
    return {
      ...{ name, ...own, commits: byCommit.get(name) ?? [], starts: byStart.get(name) ?? [] },
      ...{ placed: placedBy(own), seen },
    }
  })
}

function placedBy({ sends, polls }: Pick<Partition, 'sends' | 'polls'>): readonly Placed[] {
  const placed = new Map<string, Placed>()
  const place = (each: Placed): void => {
    const name = seenAt(each.offset, each.message)
    if (!placed.has(name)) placed.set(name, each)
  }
  for (const { row, message, offset, outcome } of sends)
    if (outcome === 'done' && offset !== undefined) place({ offset, message, row, acknowledged: true })
  for (const { row, messages } of polls)
    for (const { offset, message } of messages) place({ offset, message, row, acknowledged: false })
  return [...placed.values()].sort((a, b) => a.offset - b.offset)
}

/** The first message with `from` ≤ offset < `to`, if there is one. */
export function firstBetween(placed: readonly Placed[], from: number, to: number): Placed | undefined {
  const found = placed[firstAt(placed, from)]
  return found !== undefined && found.offset < to ? found : undefined
}

/** The index of the first message at or after an offset. */
export function firstAt(placed: readonly Placed[], offset: number): number {
  let [low, high] = [0, placed.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((placed[middle]?.offset ?? 0) < offset) low = middle + 1
    else high = middle
  }
  return low
}

export function grouped<T>(all: readonly T[], by: (each: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const each of all) {
    const group = groups.get(by(each))
    if (group === undefined) groups.set(by(each), [each])
    else group.push(each)
  }
  return groups
}
