import type { Link } from '@chaosproxy/faults'
import type { ReadMessage } from './read-message.ts'
import { readStream } from './read-stream.ts'
import { deliveredAtMs, type Stream, streamsOf } from './stream.ts'
import type { Tape } from './tape.ts'

/** What passed over one link, with times of the proxy's clock. */
export interface Passage {
  readonly link: Link
  /** What was sent up to then may have been forgotten. */
  readonly forgottenUntilMs: number
  /** In the order in which they were sent. */
  readonly messages: readonly PassedMessage[]
  /** When something may have been sent that is not among the messages, or not as one that can be read. */
  readonly doubts: readonly Doubt[]
}

export interface PassedMessage extends Omit<ReadMessage, 'endBytes'> {
  /** When its last byte was handed to the receiver's socket; absent if it never was. */
  readonly deliveredAtMs?: number | undefined
  /** It is a connection that broke before any of its bytes were read: what was to be sent on it is not known. */
  readonly isUnread?: true | undefined
  /** When the connection was over; absent for one that was open to the last. */
  readonly closedAtMs?: number | undefined
}

export interface Doubt {
  readonly fromMs: number
  readonly toMs: number
  /** `unread`: its bytes never came here; `unreadable`: they say nothing to us. */
  readonly why: 'unread' | 'unreadable'
}

/** What was sent so shortly before a connection broke may not have been read any more. */
const BREAKS_WITHIN_MS = 250

/** The tape of a link. */
export interface LinkTape {
  readonly link: Link
  readonly tape: Tape
}

/** Reads the messages of each tape, and what it cannot tell: one after the other, since all at once take much memory. */
export function* readPassages(tapes: readonly LinkTape[]): Generator<Passage> {
  for (const { link, tape } of tapes) {
    const back = tapes.find((other) => other.link.from === link.to && other.link.to === link.from)
    const asked = new Map(streamsOf(back?.tape.entries() ?? []).map((stream) => [stream.number, stream]))
    const read = streamsOf(tape.entries()).map((stream) => passedOn(stream, asked.get(stream.number - 1)))
    yield {
      link,
      forgottenUntilMs: tape.forgottenUntilMs,
      messages: read.flatMap(({ messages }) => messages).sort((a, b) => a.sentAtMs - b.sentAtMs),
      doubts: read.flatMap(({ doubts }) => doubts),
    }
  }
}

function passedOn(stream: Stream, before: Stream | undefined): Pick<Passage, 'messages' | 'doubts'> {
  // Even numbers are of those who dial, and ask.
  const { messages, unreadableFromMs, unreadableUntilMs } = readStream(
    stream,
    stream.number % 2 === 1 ? before : undefined,
  )
  const { closedAtMs, disturbedAtMs = Number.POSITIVE_INFINITY } = stream
  const endMs = closedAtMs ?? Number.POSITIVE_INFINITY
  const doubts: Doubt[] = stream.unreadAtMs.map((fromMs) => ({
    ...{ fromMs, why: 'unread' },
    toMs: stream.pieces.find(({ atMs }) => atMs > fromMs)?.atMs ?? endMs,
  }))
  if (closedAtMs !== undefined && stream.finishedAtMs === undefined)
    doubts.push({ fromMs: closedAtMs - BREAKS_WITHIN_MS, toMs: closedAtMs, why: 'unread' })
  if (unreadableFromMs !== undefined) doubts.push({ fromMs: unreadableFromMs, toMs: endMs, why: 'unreadable' })
  if (unreadableUntilMs !== undefined)
    doubts.push({ fromMs: Number.NEGATIVE_INFINITY, toMs: unreadableUntilMs, why: 'unreadable' })
  if (disturbedAtMs < endMs) doubts.push({ fromMs: disturbedAtMs, toMs: endMs, why: 'unreadable' })
  const dialled = unreadConnection(stream)
  if (dialled !== undefined) return { doubts, messages: [dialled] }
  return {
    doubts,
    messages: messages
      .filter(({ sentAtMs }) => sentAtMs < disturbedAtMs)
      .map(({ endBytes, ...message }) => ({ ...message, deliveredAtMs: deliveredAtMs(stream, endBytes), closedAtMs })),
  }
}

function unreadConnection({ number, pieces, openedAtMs, finishedAtMs, closedAtMs }: Stream): PassedMessage | undefined {
  const isDialler = number % 2 === 0
  if (!isDialler || pieces.length > 0 || openedAtMs === undefined) return undefined
  if (finishedAtMs !== undefined || closedAtMs === undefined) return undefined
  return { type: 'connection', text: undefined, sentAtMs: openedAtMs, closedAtMs, isUnread: true }
}
