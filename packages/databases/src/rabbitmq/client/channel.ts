import type { Json } from '@chaosproxy/history'
import { isTrouble, type NodeAddress, openIntroducedLine, outcomeOf, type Trouble } from '@chaosproxy/targets/database'
import { rabbitmqErrors } from './outcomes.ts'
import { type ChannelReplies, channelReplies, type Reply } from './replies.ts'

export type Message = Extract<Reply, { type: 'message' }>

export const valueIn = ({ body }: Message): Json => JSON.parse(body.toString()) as Json

export const nameOf = (key: string): string => `chaos.${key}`

export const PAUSE_MS = 100

export interface Keeping {
  readonly kind: string
  readonly confirms: boolean
  readonly persistent: boolean
  /** Whether the broker forgets a message once it is sent. */
  readonly auto: boolean
}

export type Remaining = () => number

/** A channel on its own connection to one broker. It sends one request at a time, and repeats no request. */
export interface Channel {
  /** Resolves with the reason why the broker does not serve; undefined if it serves. */
  reach(remainingMs: Remaining): Promise<Trouble | undefined>
  publish(queue: string, body: Buffer, remainingMs: Remaining): Promise<{ readonly type: 'done' } | Trouble>
  get(queue: string, remainingMs: Remaining): Promise<Message | 'empty' | Trouble>
  /** Acknowledges a message; with `multiple`, also all earlier messages. */
  ack(tag: bigint, how: { readonly multiple: boolean; readonly remainingMs: Remaining }): Promise<void>
  /** The number of the last connection. Unacknowledged messages of earlier connections are delivered again. */
  connection(): number
  close(): void
}

/** Opens a channel. `lost` is called when a request loses its connection. */
export function openChannel(address: NodeAddress, keeping: Keeping, lost: () => void): Channel {
  const declared = new Set<string>()
  let connection = 0
  const readerFor = (): ChannelReplies => {
    connection++
    declared.clear()
    return channelReplies()
  }
  const line = openIntroducedLine<Reply, ChannelReplies>(address, readerFor, (reader) =>
    reader.introduce(keeping.confirms),
  )

  async function ask(request: (reader: ChannelReplies) => Buffer, remainingMs: Remaining): Promise<Reply | Trouble> {
    const answer = await line.ask(request, remainingMs)
    if (answer.type !== 'reply') {
      lost()
      return answer
    }
    const { reply } = answer
    switch (reply.type) {
      case 'closed':
        lost()
        return refused(reply.error)
      case 'nack':
        return refused('basic.nack')
      case 'returned':
        return refused('312 NO_ROUTE')
      default:
        return reply
    }
  }

  /**
   * Creates the queue, unless this connection has already created it. If this fails, no message has been sent or taken.
   */
  async function declare(queue: string, remainingMs: Remaining): Promise<Trouble | undefined> {
    if (declared.has(queue)) return undefined
    const done = await ask((reader) => reader.declare(queue, keeping.kind), remainingMs)
    if (isTrouble(done)) return { type: 'fail', error: `queue.declare: ${done.error}` }
    declared.add(queue)
    return undefined
  }

  return {
    async reach(remainingMs) {
      const answer = await ask((reader) => reader.flush(), remainingMs)
      return isTrouble(answer) ? answer : undefined
    },
    async publish(queue, body, remainingMs) {
      const missing = await declare(queue, remainingMs)
      if (missing !== undefined) return missing
      const done = await ask((reader) => reader.publish(queue, body, keeping.persistent), remainingMs)
      return isTrouble(done) ? done : { type: 'done' }
    },
    async get(queue, remainingMs) {
      const missing = await declare(queue, remainingMs)
      if (missing !== undefined) return missing
      const got = await ask((reader) => reader.get(queue, keeping.auto), remainingMs)
      return isTrouble(got) || got.type === 'message' ? got : 'empty'
    },
    async ack(tag, { multiple, remainingMs }) {
      await ask((reader) => reader.ack(tag, multiple), remainingMs)
    },
    connection: () => connection,
    close: () => line.close(),
  }
}

const refused = (error: string): Trouble => ({ type: outcomeOf(rabbitmqErrors, error), error })
