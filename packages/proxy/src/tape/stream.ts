import { foundOrMade } from '@chaosproxy/history'
import type { TapedBytes, TapeEntry } from './tape.ts'

export interface Stream {
  readonly number: number
  readonly pieces: (TapedBytes & { readonly atMs: number })[]
  /** How many bytes the receiver's socket had accepted in total, and when. */
  readonly deliveries: { readonly totalBytes: number; readonly atMs: number }[]
  /** Times at which the proxy stopped reading, so that sent bytes may be unread. */
  readonly unreadAtMs: number[]
  openedAtMs?: number
  /**
   * The time at which the sender ended the stream without an error. At this time, the proxy had read all bytes of the
   * stream.
   */
  finishedAtMs?: number
  closedAtMs?: number
  /** When bytes were first changed, lost or reordered before they reached the link. */
  disturbedAtMs?: number
}

export function streamsOf(entries: Iterable<TapeEntry>): readonly Stream[] {
  const streams = new Map<number, Stream>()
  for (const entry of entries) {
    const number = entry.stream
    add(
      foundOrMade(streams, number, () => ({ number, pieces: [], deliveries: [], unreadAtMs: [] })),
      entry,
    )
  }
  return [...streams.values()]
}

function add(stream: Stream, entry: TapeEntry): void {
  const { atMs } = entry
  switch (entry.kind) {
    case 'opened':
      stream.openedAtMs = atMs
      return
    case 'finished':
      stream.finishedAtMs = atMs
      return
    case 'closed':
      stream.closedAtMs = atMs
      return
    case 'disturbed':
      stream.disturbedAtMs ??= atMs
      return
    case 'unread':
      stream.unreadAtMs.push(atMs)
      return
    case 'delivered':
      stream.deliveries.push({ totalBytes: entry.totalBytes, atMs })
      return
    case 'bytes':
      stream.pieces.push(entry)
      if (entry.isDelivered) stream.deliveries.push({ totalBytes: entry.positionBytes + entry.sizeBytes, atMs })
      return
  }
}

export function deliveredAtMs({ deliveries }: Stream, endBytes: number): number | undefined {
  let [low, high] = [0, deliveries.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((deliveries[middle]?.totalBytes ?? 0) < endBytes) low = middle + 1
    else high = middle
  }
  return deliveries[low]?.atMs
}
