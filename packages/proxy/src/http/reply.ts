import { STATUS_CODES } from 'node:http'
import type { Json } from '@chaosproxy/history'
import type { Answer, Field } from '@chaosproxy/wire/http'

/** A message to send, head and body. */
export interface WholeMessage {
  readonly raw: Buffer
  readonly headLength: number
}

/** A whole answer, as bytes and parsed. */
export interface WholeReply extends WholeMessage, Answer {
  readonly body: { readonly bytes: Buffer }
}

/** Makes an answer that no server gave. */
export function makeUpReply(status: number, text: string, options: { readonly close: boolean }): WholeReply {
  const body = Buffer.from(text)
  const connection = options.close ? 'Connection: close\r\n' : ''
  const head = Buffer.from(
    `${statusLine(status)}\r\nContent-Type: text/plain; charset=utf-8\r\n${connection}Content-Length: ${body.length}\r\n\r\n`,
  )
  return {
    status,
    headers: undefined,
    body: { bytes: body },
    raw: Buffer.concat([head, body]),
    headLength: head.length,
  }
}

export const statusLine = (status: number): string => `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`

export interface Edit {
  /** Values by field name; null removes a field. */
  readonly headers?: Json | undefined
  readonly body?: string | undefined
  /** The new first line, if it changes. */
  readonly firstLine?: string | undefined
}

/**
 * Changes a message's fields, body or first line, and leaves the rest unchanged byte for byte. A new body is delimited
 * by its length, whatever delimited the old one.
 */
export function editMessage({ raw, headLength }: WholeMessage, edit: Edit): WholeMessage {
  const [firstLine = '', ...fieldLines] = raw
    .toString('latin1', 0, headLength)
    .replace(/^(\r\n)+/, '')
    .split('\r\n')
    .slice(0, -2)
  const changes = changesOf(edit)
  const kept = fieldLines.filter((line) => !changes.has(line.slice(0, line.indexOf(':')).toLowerCase()))
  const added = [...changes.values()].filter((field) => field !== undefined)
  const lines = [edit.firstLine ?? firstLine, ...kept, ...added.map(({ name, value }) => `${name}: ${value}`)]
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  const body = edit.body === undefined ? raw.subarray(headLength) : Buffer.from(edit.body)
  return { raw: Buffer.concat([head, body]), headLength: head.length }
}

/** Keyed by lower-case name; undefined for a field to remove. */
function changesOf({ headers, body }: Edit): ReadonlyMap<string, Field | undefined> {
  const changes = new Map<string, Field | undefined>()
  for (const [name, value] of Object.entries(headers ?? {}))
    changes.set(name.toLowerCase(), value === null ? undefined : { name, value: String(value) })
  if (body !== undefined) {
    changes.set('transfer-encoding', undefined)
    changes.set('trailer', undefined)
    changes.set('content-length', { name: 'Content-Length', value: String(Buffer.byteLength(body)) })
  }
  return changes
}
