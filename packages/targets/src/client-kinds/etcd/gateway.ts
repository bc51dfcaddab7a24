import type { Answer } from '@chaosproxy/wire/http'
import { type HttpReplies, httpReplies } from '../../clients/http-replies.ts'
import { type Body, bodyOf } from '../../clients/json-body.ts'
import { askWithin, type LineAnswer, openLine } from '../../clients/line.ts'
import { outcomeOf } from '../../clients/outcome-of.ts'
import type { NodeAddress } from '../../clients/planned-clients.ts'
import type { Trouble } from '../../clients/trouble.ts'
import { etcdErrors } from './outcomes.ts'

/**
 * The outcome of a request to etcd's JSON gateway. In the reply, 64-bit numbers are strings, bytes are base64, and zero
 * values are omitted.
 */
export type Reply = { readonly type: 'ok'; readonly body: Body } | Trouble

/** A client of one etcd member. It sends one request at a time, and never sends a request twice. */
export interface Gateway {
  ask(path: string, request: object, timeoutMs: number): Promise<Reply>
  close(): void
}

/** Larger replies are not read, and count as `info`. */
const KEEP_BYTES = 16 * 1024 * 1024

export function openGateway(address: NodeAddress): Gateway {
  const line = openLine<Answer, HttpReplies>(address, httpReplies)
  return {
    async ask(path, request, timeoutMs) {
      const bytes = requestText(address, path, JSON.stringify(request))
      const prepare = (reader: HttpReplies) => reader.expect('POST', KEEP_BYTES)
      return replyOf(await askWithin(line, { bytes, prepare }, timeoutMs))
    },
    close: () => line.close(),
  }
}

/** Returns the text of a POST to the gateway, which may reply with a stream of messages. */
const requestText = ({ host, port }: NodeAddress, path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

function replyOf(answer: LineAnswer<Answer>): Reply {
  if (answer.type !== 'reply') return answer
  const { status, body } = answer.reply
  const json = body !== undefined && 'bytes' in body ? bodyOf(body.bytes.toString()) : undefined
  if (json === undefined) return { type: 'info', error: `HTTP ${status}, and an answer that is not understood` }
  if (status === 200) return { type: 'ok', body: json }
  const { error, message } = json
  const reason =
    typeof error === 'string' ? error : typeof message === 'string' ? message : 'an answer without a message'
  return { type: outcomeOf(etcdErrors, reason), error: `HTTP ${status}: ${reason}` }
}

export const encoded = (text: string): string => Buffer.from(text).toString('base64')

export function decodedIn(body: Body, member: string): string {
  const found = body[member]
  return typeof found === 'string' ? Buffer.from(found, 'base64').toString() : ''
}
