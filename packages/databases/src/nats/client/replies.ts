import { randomUUID } from 'node:crypto'
import type { Received } from '@chaosproxy/targets/database'
import { firstPiece, type NatsMessage, type Publication, publish } from '@chaosproxy/wire/nats'

/** The messages to publish, and the number of reply messages to wait for. */
export interface NatsRequest extends Publication {
  /** Published directly afterwards. */
  readonly also?: readonly Publication[] | undefined
  /**
   * The number of messages in the reply; by default, one per publication. The reply ends earlier at a message with a
   * status code.
   */
  readonly most?: number | undefined
}

export interface NatsReplies {
  /** Returns the bytes of a request. On each connection, the first request also introduces the client. */
  bytes(request: NatsRequest): Buffer
  read(chunk: Buffer): Received<readonly NatsMessage[]>
  end(): Received<readonly NatsMessage[]>
}

const CRLF = '\r\n'

const HELLO = `CONNECT ${JSON.stringify({
  ...{ verbose: false, pedantic: false, headers: true, no_responders: true },
  ...{ protocol: 1, lang: 'node', name: 'chaos' },
})}${CRLF}`

export function natsReplies(): NatsReplies {
  const inbox = `_INBOX.${randomUUID().replaceAll('-', '')}`
  let buffered: Buffer = Buffer.alloc(0)
  let requests = 0
  let most = 1
  let pings = 0
  let messages: NatsMessage[] = []

  return {
    bytes({ also = [], most: expected = 1 + also.length, ...first }) {
      const before = requests === 0 ? HELLO : `UNSUB ${requests}${CRLF}`
      const pongs = `PONG${CRLF}`.repeat(pings)
      requests++
      most = expected
      pings = 0
      messages = []
      const reply = `${inbox}.${requests}`
      return Buffer.concat([
        Buffer.from(`${before}${pongs}SUB ${reply} ${requests}${CRLF}`),
        ...[first, ...also].map((publication) => publish(publication, reply)),
      ])
    },
    read(chunk) {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
      for (;;) {
        const piece = firstPiece(buffered)
        if (piece === undefined) return { type: 'incomplete' }
        if (typeof piece === 'string') return { type: 'unreadable', why: piece }
        buffered = buffered.subarray(piece.size)
        if (piece.isPing) pings++
        const { found } = piece
        if (found === undefined) continue
        // Ignores an answer to an earlier request: after a partition, two leaders of a consumer may answer one pull.
        if (found.subscription !== String(requests)) continue
        messages.push(found)
        if (found.status === undefined && messages.length < most) continue
        const reply = messages
        messages = []
        return { type: 'reply', reply, reusable: true }
      }
    },
    end: () => ({ type: 'incomplete' }),
  }
}
