import { type Completion, isObject, type Json } from '@chaosproxy/history'

// Maelstrom's protocol: a line of JSON for each message, on stdin and stdout. K. Kingsbury, github.com/jepsen-io/maelstrom,
// doc/protocol.md.

export interface Body {
  readonly type: string
  readonly msg_id?: number | undefined
  readonly in_reply_to?: number | undefined
  readonly [member: string]: Json | undefined
}

export interface Message {
  readonly src: string
  readonly dest: string
  readonly body: Body
}

/** Returns the message in a line of a node, or why the line is not a message. */
export function parseMessage(line: string): Message | string {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return 'is not JSON: standard output carries messages only; log to standard error'
  }
  if (!isObject(json)) return 'is not an object'
  const { src, dest, body } = json
  if (typeof src !== 'string') return 'has no "src", the id of the node that sends it'
  if (typeof dest !== 'string') return 'has no "dest", the id of the node or client that it is for'
  if (!isObject(body)) return 'has no "body"'
  if (typeof body['type'] !== 'string') return 'has a "body" without "type"'
  return { src, dest, body: body as Body }
}

/**
 * The error codes of doc/protocol.md that mean that the request had no effect. After any other code, the outcome is
 * unknown.
 */
const DEFINITE: ReadonlySet<Json | undefined> = new Set([1, 10, 11, 12, 14, 20, 21, 22, 30])

export const KEY_DOES_NOT_EXIST = 20

export function completionOfError({ code, text }: Body, harmless: boolean): Completion {
  const error = `error ${JSON.stringify(code ?? null)}${typeof text === 'string' ? `: ${text}` : ''}`
  return { type: harmless || DEFINITE.has(code) ? 'fail' : 'info', error }
}
