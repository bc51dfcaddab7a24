import { STATUS_CODES } from 'node:http'
import type { Json } from '@chaosproxy/history'
import { type Answer, type BodyKind, BodyReader, encoded, type Field, type Fields, STEP } from '@chaosproxy/wire/http'

export interface Message {
  readonly raw: Buffer
  readonly headLength: number
  /** Whether `raw` lacks the body. If so, the sender's own body follows unchanged. */
  readonly bodyFollows: boolean
}

/** A reply, as bytes and parsed. If the body follows, `body` is empty. */
export interface Reply extends Message, Answer {
  readonly body: { readonly bytes: Buffer }
  readonly kind: BodyKind
}

const NOTHING = Buffer.alloc(0)

/** Whether a reply with this status may have content (RFC 9110 §6.4.1). */
export const mayHaveContent = (status: number): boolean => status >= 200 && status !== 204 && status !== 304

export function makeUpReply(
  status: number,
  text: string,
  { close, method }: { readonly close: boolean; readonly method: string },
): Reply {
  // A 205 response has no content, but is delimited like any other response (RFC 9110 §15.3.6).
  const content = Buffer.from(status === 205 ? '' : text)
  const lines = [statusLine(status)]
  if (mayHaveContent(status)) {
    if (content.length > 0) lines.push('Content-Type: text/plain; charset=utf-8')
    lines.push(`Content-Length: ${content.length}`)
  }
  if (close) lines.push('Connection: close')
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  // A response to HEAD declares the content's length, but has no content.
  const bytes = mayHaveContent(status) && method !== 'HEAD' ? content : NOTHING
  return {
    status,
    headers: undefined,
    body: { bytes },
    kind: 'sized',
    raw: Buffer.concat([head, bytes]),
    headLength: head.length,
    bodyFollows: false,
  }
}

export const withFields = (reply: Reply, headers: Json | undefined): Reply =>
  headers === undefined ? reply : { ...reply, ...editMessage(reply, { headers, content: 'same' }).message }

export const withHost = (head: Buffer, host: string): Buffer =>
  Buffer.from(head.toString('latin1').replace(/^host:[^\r\n]*/im, `Host: ${host}`), 'latin1')

export const statusLine = (status: number, version = 'HTTP/1.1'): string =>
  `${version} ${status} ${STATUS_CODES[status] ?? 'Unknown'}`

export interface Edit {
  /** Values by field name; null removes a field. */
  readonly headers?: Json | undefined
  /** The new content. */
  readonly body?: string | undefined
}

export function editReply(
  reply: Reply,
  { headers, body, status = reply.status }: Edit & { readonly status?: number | undefined },
  method: string,
): Reply {
  const hadContent = mayHaveContent(reply.status)
  const content = !mayHaveContent(status)
    ? 'none'
    : method === 'HEAD'
      ? 'same'
      : status === 205 || (body === undefined && !hadContent)
        ? NOTHING
        : body === undefined
          ? 'same'
          : Buffer.from(body)
  const [line = ''] = reply.raw.toString('latin1', 0, reply.headLength).split('\r\n', 1)
  const firstLine = status === reply.status ? line : statusLine(status, line.slice(0, 'HTTP/1.1'.length))
  const edited = editMessage(reply, { headers, content, firstLine, coding: reply.headers?.get('content-encoding') })
  const { changes, bytes } = edited
  const fields = changes.size === 0 ? reply.headers : editedFields(reply.headers, changes)
  if (bytes === undefined) return { ...reply, ...edited.message, status, headers: fields }
  return { ...reply, ...edited.message, status, headers: fields, body: { bytes }, kind: 'sized' }
}

export function editRequest(message: Message, { headers, body }: Edit, coding: string | undefined): Message {
  const content = body === undefined ? 'same' : Buffer.from(body)
  return editMessage(message, { headers, content, coding }).message
}

export interface MessageEdit {
  readonly headers?: Json | undefined
  readonly content: Buffer | 'same' | 'none'
  /** The new first line; absent to keep the old one. */
  readonly firstLine?: string | undefined
  /** The Content-Encoding of the message before the edit. */
  readonly coding?: string | undefined
}

/** The changed fields by lower-case name; undefined for a field to remove. */
type Changes = Map<string, Field | undefined>

/** Edits a message. A new body is delimited by its length, however the old body was delimited. */
export function editMessage(
  { raw, headLength, bodyFollows }: Message,
  { headers, content, firstLine, coding }: MessageEdit,
): { readonly message: Message; readonly changes: Changes; readonly bytes: Buffer | undefined } {
  const changes = changesOf(headers)
  const bytes = content === 'same' ? undefined : content === 'none' ? NOTHING : codedBody(content, coding, changes)
  if (bytes !== undefined) {
    changes.set('transfer-encoding', undefined)
    changes.set('trailer', undefined)
    const length = content === 'none' ? undefined : { name: 'Content-Length', value: String(bytes.length) }
    changes.set('content-length', length)
  }
  const head = editHead(raw.toString('latin1', 0, headLength), changes, firstLine)
  const body = bytes ?? raw.subarray(headLength)
  const message = {
    raw: body.length === 0 ? head : Buffer.concat([head, body]),
    headLength: head.length,
    bodyFollows: bytes === undefined && bodyFollows,
  }
  return { message, changes, bytes }
}

/**
 * Encodes the content like the old body. If that is impossible, or the edit names an encoding, the content stays plain.
 */
function codedBody(content: Buffer, coding: string | undefined, changes: Changes): Buffer {
  if (coding === undefined || changes.has('content-encoding')) return content
  const body = encoded(content, coding)
  if (body === undefined) changes.set('content-encoding', undefined)
  return body ?? content
}

function editHead(head: string, changes: Changes, newFirstLine: string | undefined): Buffer {
  const [firstLine = '', ...fieldLines] = head
    .replace(/^(\r\n)+/, '')
    .split('\r\n')
    .slice(0, -2)
  const kept = fieldLines.filter((line) => !changes.has(line.slice(0, line.indexOf(':')).toLowerCase()))
  const added = [...changes.values()].filter((field) => field !== undefined)
  const lines = [newFirstLine ?? firstLine, ...kept, ...added.map(({ name, value }) => `${name}: ${value}`)]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

function changesOf(headers: Json | undefined): Changes {
  const changes: Changes = new Map()
  for (const [name, value] of Object.entries(headers ?? {}))
    changes.set(name.toLowerCase(), value === null ? undefined : { name, value: String(value) })
  return changes
}

const editedFields = (fields: Fields | undefined, changes: Changes): Fields => ({
  get: (name) => (changes.has(name) ? changes.get(name)?.value : fields?.get(name)),
})

/**
 * Returns the offset in a complete reply at which the first `contentBytes` bytes of its content end. Undefined if the
 * content is not longer than that.
 */
export function offsetInContent({ raw, headLength, kind }: Reply, contentBytes: number): number | undefined {
  const reader = new BodyReader()
  reader.start(kind, raw.length - headLength)
  let left = contentBytes
  let at = headLength
  while (reader.read(raw, at) === STEP.data) {
    at = reader.offset
    if (at - reader.dataAt > left) return reader.dataAt + left
    left -= at - reader.dataAt
  }
  return undefined
}

/** Whether a reply is a stream of events or frames, which has no end. */
export const isEndless = (headers: Fields): boolean =>
  /^(text\/event-stream|multipart\/x-mixed-replace)/i.test(headers.get('content-type') ?? '')
