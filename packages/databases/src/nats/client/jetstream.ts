import {
  askWithin,
  type Body,
  bodyOf,
  isBody,
  isTrouble,
  type NodeAddress,
  type OperationTime,
  openLine,
  outcomeOf,
  startOperation,
  type Trouble,
} from '@chaosproxy/targets/database'
import type { NatsMessage } from '@chaosproxy/wire/nats'
import { natsErrors } from './outcomes.ts'
import { type NatsReplies, type NatsRequest, natsReplies } from './replies.ts'

/** Sends the requests of one operation, one at a time. */
export interface Asking extends OperationTime {
  /** Sends a request. Resolves with the messages of the reply, or with trouble if no responder exists. */
  ask(request: NatsRequest): Promise<readonly NatsMessage[] | Trouble>
}

/** A connection to one server. It sends one request at a time, and repeats no request. */
export interface JetStream {
  begin(timeoutMs: number): Asking
  close(): void
}

const NO_RESPONDERS = 503

export function openJetStream(address: NodeAddress): JetStream {
  const line = openLine<readonly NatsMessage[], NatsReplies>(address, natsReplies)

  function begin(timeoutMs: number): Asking {
    const time = startOperation(timeoutMs)
    return {
      ...time,
      async ask(request) {
        const answer = await askWithin(line, { bytes: (reader) => reader.bytes(request) }, time.remainingMs())
        if (answer.type !== 'reply') return answer
        return answer.reply.at(-1)?.status === NO_RESPONDERS ? answered('no responders') : answer.reply
      },
    }
  }

  return { begin, close: () => line.close() }
}

/** Returns the outcome of a request whose reply is an error. */
const answered = (error: string): Trouble => ({ type: outcomeOf(natsErrors, error), error })

/** Sends a request to a stream or to JetStream's API (`$JS.API.…`). Returns an error in the reply as trouble. */
export async function askJetStream(asking: Asking, request: NatsRequest): Promise<Body | Trouble> {
  const messages = await asking.ask(request)
  if (isTrouble(messages)) return messages
  const [message] = messages
  const text = message?.payload.toString() ?? ''
  const body = bodyOf(text)
  if (body === undefined) return { type: 'info', error: `an answer that is not understood: ${text.slice(0, 80)}` }
  const error = body['error']
  if (!isBody(error)) return body
  return answered(`${String(error['err_code'] ?? error['code'])}: ${String(error['description'])}`)
}

export const api = (asking: Asking, request: string, body: object = {}): Promise<Body | Trouble> =>
  askJetStream(asking, { subject: `$JS.API.${request}`, payload: JSON.stringify(body) })

/** The limits of every stream: none. */
export const UNLIMITED = { max_msgs: -1, max_bytes: -1, max_age: 0, max_consumers: -1, max_msg_size: -1 } as const

/** Encodes a key as one token of a subject, without dots, spaces or wildcards. */
export const tokenOf = (key: string): string =>
  /^[\w-]+$/.test(key) ? key : `=${Buffer.from(key).toString('base64url')}`
