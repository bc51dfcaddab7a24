import type { Link } from '@chaosproxy/faults'
import type { ReadMessage } from './read-message.ts'
import { readStream } from './read-stream.ts'
import { deliveredAtMs, type Stream, streamsOf } from './stream.ts'
import type { Tape } from './tape.ts'

/** The traffic of one link, with times by the proxy's clock. */
export interface Passage {
  readonly link: Link
  /** The time before which messages may have been dropped. */
  readonly forgottenUntilMs: number
  /** The messages in the order in which they were sent. */
  readonly messages: readonly PassedMessage[]
  /** Time spans in which further messages may have been sent. Such messages are missing here, or were unreadable. */
  readonly doubts: readonly Doubt[]
}

export interface PassedMessage extends Omit<ReadMessage, 'endBytes'> {
  /** When the message's last byte was written to the receiver's socket; absent if it never was. */
  readonly deliveredAtMs?: number | undefined
  /** Whether this entry stands for all messages of a connection that broke before anything was read from it. */
  readonly isUnread?: true | undefined
  /** When the connection ended; absent if it stayed open. */
  readonly closedAtMs?: number | undefined
}

export interface Doubt {
  readonly fromMs: number
  readonly toMs: number
  /** `unread`: bytes never reached the proxy. `unreadable`: bytes could not be interpreted. */
  readonly why: 'unread' | 'unreadable'
}

/** If a connection breaks, bytes that were sent up to this long before the break may not have reached the proxy. */
const BREAKS_WITHIN_MS = 250

export interface LinkTape {
  readonly link: Link
  readonly tape: Tape
}

/** Reads the messages of one tape at a time. Reading all tapes at once would need much memory. */
export function* readPassages(tapes: readonly LinkTape[]): Generator<Passage> {
  for (const { link, tape } of tapes) {
    const back = tapes.find((other) => other.link.from === link.to && other.link.to === link.from)
    const requests = new Map(streamsOf(back?.tape.entries() ?? []).map((stream) => [stream.number, stream]))
    const read = streamsOf(tape.entries()).map((stream) => passedOn(stream, requests.get(stream.number - 1)))
    yield {
      link,
      forgottenUntilMs: tape.forgottenUntilMs,
      messages: read.flatMap(({ messages }) => messages).sort((a, b) => a.sentAtMs - b.sentAtMs),
      doubts: read.flatMap(({ doubts }) => doubts),
    }
  }
}

function passedOn(stream: Stream, before: Stream | undefined): Pick<Passage, 'messages' | 'doubts'> {
  // Streams with even numbers come from the dialling side, which sends requests. Streams with odd numbers carry the
  // answers.
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
