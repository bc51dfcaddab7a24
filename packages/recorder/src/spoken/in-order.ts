import type { Nanos } from '@chaosproxy/history'
import { FrameReader, type FrameSink, type Framing } from '@chaosproxy/wire'
import type { Completions, Understanding } from '../record/call.ts'
import { partOf } from '../record/completions.ts'
import type { ConnectionRecorder } from '../record/recorder.ts'
import { unreadable } from '../record/remarks.ts'
import {
  MAX_MESSAGE_BYTES,
  type RecordedConversation,
  type RecordedServer,
  type ServerRecording,
} from './conversation.ts'
import { Crossings, type Unsent } from './crossings.ts'
import { Fifo } from './fifo.ts'

/** A protocol whose server answers each request with one message, in the order of the requests. */
export interface InOrderProtocol<Kept> {
  readonly framing: Framing
  /**
   * Returns the meaning of a request, and a value that is kept until the reply. The request's memory is borrowed.
   *
   * @param session the client's name, if the client has sent it on this connection.
   *
   * @throws MalformedMessage
   */
  requested(
    request: Buffer,
    session: string | undefined,
  ): { readonly understanding: Understanding; readonly kept: Kept }
  /**
   * Returns the completions of a request.
   *
   * @throws MalformedMessage
   */
  answered(kept: Kept, reply: Buffer): Completions
}

/** Maximum number of unanswered requests of a connection. A client with more has to wait. */
export const MOST_PENDING = 10_000

/**
 * Records the connections to a server that answers requests in order. After a message that is too long, malformed or
 * changed by a fault, the rest of a connection is not read, and any key may change.
 */
export const recordedInOrder = <Kept>(
  protocol: InOrderProtocol<Kept>,
  { recorder, node, maxMessageBytes = MAX_MESSAGE_BYTES }: RecordedServer,
  client: ServerRecording['client'],
): ServerRecording => ({
  client,
  open({ host, naming }) {
    const connection = recorder.connection({ node, client: host })
    const session = naming.kind === 'fixed' ? naming.session : undefined
    const { now } = recorder
    const { framing } = protocol
    return conversationInOrder({
      ...{ connection, framing, name: framing.name, maxMessageBytes, now },
      open: ({ crossings }) => oneByOne(protocol, { connection, session, crossings, now }),
    })
  },
})

interface Pending<Kept> extends Unsent {
  readonly isOperation: boolean
  readonly kept: Kept
}

interface OneByOne {
  readonly connection: ConnectionRecorder
  readonly session: string | undefined
  readonly crossings: Crossings<Unsent>
  readonly now: () => Nanos
}

/** Matches replies with the oldest unanswered requests. */
function oneByOne<Kept>(
  protocol: InOrderProtocol<Kept>,
  { connection, session, crossings, now }: OneByOne,
): MessagesInOrder {
  const pending: Fifo<Pending<Kept>> = new Fifo()
  return {
    get isFull() {
      return pending.length >= MOST_PENDING
    },
    requested(request, time, startByte) {
      const { understanding, kept } = protocol.requested(request, session)
      const exchange = connection.beginWhole(time)
      exchange.called(understanding)
      const entry = { exchange, startByte, isOperation: understanding.kind === 'operations', kept }
      crossings.begun(entry)
      pending.push(entry)
    },
    answered(reply) {
      const entry = pending.first
      if (entry === undefined) return connection.unmatchedAnswer()
      const completions = protocol.answered(entry.kept, reply)
      pending.shift()
      if (entry.isOperation) crossings.answered(entry.exchange, completions)
      else entry.exchange.settled(partOf(completions, 0)?.type === 'fail')
    },
    ended(reason) {
      for (const { exchange } of pending) exchange.ended(now(), reason)
      pending.clear()
    },
  }
}

/** Receives the messages of one connection, in borrowed memory. */
interface MessagesInOrder {
  /**
   * Called with a request and its offset.
   *
   * @throws MalformedMessage
   */
  requested(request: Buffer, time: Nanos, startByte: number): void
  /** @throws MalformedMessage */
  answered(reply: Buffer): void
  /** Called with the reason when no more replies follow. */
  ended(reason: string): void
  /** Whether too many requests are unanswered. */
  readonly isFull: boolean
}

export interface InOrderOptions<Request extends Unsent> {
  readonly connection: ConnectionRecorder
  readonly framing: Framing
  readonly name: string
  readonly maxMessageBytes: number
  readonly now: () => Nanos
  /** @param reading `lost`: to be called when later bytes cannot be understood. */
  open(reading: { readonly crossings: Crossings<Request>; readonly lost: (what: string) => void }): MessagesInOrder
}

/** Reads a connection in order, until it can no longer be parsed. */
export function conversationInOrder<Request extends Unsent>(options: InOrderOptions<Request>): RecordedConversation {
  const { connection, framing, name, maxMessageBytes, now } = options
  const crossings = new Crossings<Request>(now)
  let isOpaque = false
  let requestedAt: Nanos
  const messages = options.open({ crossings, lost })
  const requests = readerOf('requests', (request) => {
    const startByte = crossings.requestBytes
    crossings.requestBytes += request.length
    messages.requested(request, requestedAt, startByte)
  })
  const replies = readerOf('responses', (reply) => {
    crossings.replyBytes += reply.length
    messages.answered(reply)
  })

  function readerOf(direction: 'requests' | 'responses', read: (message: Buffer) => void): (bytes: Buffer) => void {
    const reader = new FrameReader({ scanner: framing.scanner(direction), maxFrameBytes: maxMessageBytes })
    const sink: FrameSink = {
      frame(message) {
        if (isOpaque) return
        try {
          read(message)
        } catch (error) {
          // An error of the reader must not affect other connections.
          lost(unreadable(name, error))
        }
      },
      loose: () =>
        lost(
          reader.framed
            ? `a connection of ${name} with a message that is too long to be read`
            : `a connection that does not speak ${name}`,
        ),
    }
    return (bytes) => {
      if (!isOpaque) reader.read(bytes, sink)
    }
  }

  /** Stops reading. All unanswered and all later requests may change any key. */
  function lost(what: string): void {
    if (isOpaque) return
    isOpaque = true
    connection.opaque(what, 'everything')
    ended('its outcome was not understood')
  }

  function ended(reason: string): void {
    messages.ended(reason)
    crossings.ended()
  }

  const disturbed = (): void => lost(`a connection of ${name} whose messages a fault has lost or changed`)
  return {
    get isFull() {
      return messages.isFull
    },
    requested(bytes, time) {
      requestedAt = time
      requests(bytes)
    },
    answered: replies,
    sent: (totalBytes, time) => crossings.sent(totalBytes, time),
    delivered: (totalBytes) => crossings.delivered(totalBytes),
    altered: disturbed,
    disturbed,
    hungUp: () => connection.hungUp(),
    ended,
    closed() {
      connection.hungUp()
      ended('the connection ended')
      crossings.closed('the connection ended')
    },
  }
}
