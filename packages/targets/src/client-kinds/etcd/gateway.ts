import { millis } from '@chaosproxy/history'
import type { Answer } from '@chaosproxy/wire/http'
import { type HttpReplies, httpReplies } from '../../clients/http-replies.ts'
import { type Body, bodyOf } from '../../clients/json-body.ts'
import { type ExchangeEnd, openLine } from '../../clients/line.ts'
import { outcomeOf } from '../../clients/outcome-of.ts'
import type { NodeAddress } from '../../clients/planned-clients.ts'
import type { Trouble } from '../../clients/trouble.ts'
import { etcdErrors } from './outcomes.ts'

/**
 * The outcome of a request to etcd's JSON gateway. In the reply, 64-bit numbers are strings, bytes are base64, and zero
 * values are omitted.
 */
export type Reply = { readonly type: 'ok'; readonly body: Body } | Trouble

/** A line to one member. It carries one request at a time, and never sends a request twice. */
export interface Gateway {
  ask(path: string, request: object, timeoutMs: number): Promise<Reply>
  close(): void
}

/** Larger replies are not read, and count as `info`. */
const KEEP_BYTES = 16 * 1024 * 1024

export function openGateway(address: NodeAddress): Gateway {
  const line = openLine<Answer, HttpReplies>(address, httpReplies)
  return {
    ask: (path, request, timeoutMs) =>
      new Promise((resolve) => {
        if (timeoutMs <= 0) {
          resolve({ type: 'fail', error: 'not asked: no time was left' })
          return
        }
        line.ask({
          bytes: requestText(address, path, JSON.stringify(request)),
          prepare: (reader) => reader.expect('POST', KEEP_BYTES),
          timeoutMs: millis(Math.ceil(timeoutMs)),
          ended: (end) => resolve(replyOf(end)),
        })
      }),
    close: () => line.close(),
  }
}

/** Returns the text of a POST to the gateway, which may reply with a stream of messages. */
const requestText = ({ host, port }: NodeAddress, path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

function replyOf(end: ExchangeEnd<Answer>): Reply {
  if (end.type === 'lost') return { type: end.neverLeft ? 'fail' : 'info', error: end.why }
  const { status, body } = end.reply
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
