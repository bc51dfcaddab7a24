import { MalformedMessage } from '../framing/malformed-message.ts'
import type { BackendMessage, BareReply, Column } from './message.ts'
import { int16, int32, list, text, typed, value } from './message-builder.ts'
import { MessageCursor } from './message-cursor.ts'

/**
 * Reads one whole message of a server, borrowed from the frame.
 *
 * @throws MalformedMessage
 */
export function readBackend(frame: Buffer): BackendMessage {
  const type = String.fromCharCode(frame[0] ?? 0)
  if (frame.length === 1) return readEncryption(type)
  const reader = readers[type]
  if (reader === undefined) throw new MalformedMessage(`a server sends no message of type ${JSON.stringify(type)}`)
  const cursor = new MessageCursor(reader.name, frame, 5)
  return cursor.ended(reader.read(cursor))
}

function readEncryption(answer: string): BackendMessage {
  if (answer === 'S' || answer === 'G' || answer === 'N') return { kind: 'encryption', answer }
  throw new MalformedMessage(`${JSON.stringify(answer)} is not an answer to a request to encrypt`)
}

interface Reader {
  readonly name: string
  readonly read: (cursor: MessageCursor) => BackendMessage
}

const bareReader = (name: string, kind: BareReply): Reader => ({ name, read: () => ({ kind }) })

const reportReader = (name: string, kind: 'error' | 'notice'): Reader => ({
  name,
  read(cursor) {
    const fields: (readonly [string, string])[] = []
    for (let letter = cursor.byte('a field'); letter !== 0; letter = cursor.byte('a field'))
      fields.push([String.fromCharCode(letter), cursor.text(`field ${String.fromCharCode(letter)}`)])
    return { kind, fields }
  },
})

const copyReader = (name: string, kind: 'copy-in' | 'copy-out' | 'copy-both'): Reader => ({
  name,
  read(cursor) {
    const format = cursor.byte('the format')
    if (format !== 0 && format !== 1) throw cursor.error(`${format} is not a format`)
    return { kind, format, columns: cursor.list('column', (field) => cursor.format(field)) }
  },
})

const readers: { readonly [type: string]: Reader } = {
  R: {
    name: 'Authentication',
    read: (cursor) => ({ kind: 'authentication', method: cursor.int32('the method'), bytes: cursor.rest() }),
  },
  K: {
    name: 'BackendKeyData',
    read: (cursor) => ({ kind: 'backend-key', processId: cursor.oid('the process'), secret: cursor.rest() }),
  },
  S: {
    name: 'ParameterStatus',
    read: (cursor) => ({ kind: 'parameter-status', name: cursor.text('the name'), value: cursor.text('the value') }),
  },
  v: {
    name: 'NegotiateProtocolVersion',
    read(cursor) {
      const minorVersion = cursor.int32('the version')
      const count = cursor.int32('the number of options')
      const unknown: string[] = []
      while (unknown.length < count) unknown.push(cursor.text('an option'))
      return { kind: 'negotiate-version', minorVersion, unknown }
    },
  },
  Z: {
    name: 'ReadyForQuery',
    read(cursor) {
      const status = String.fromCharCode(cursor.byte('the status'))
      if (status === 'I' || status === 'T' || status === 'E') return { kind: 'ready', status }
      throw cursor.error(`${JSON.stringify(status)} is not a status of a transaction`)
    },
  },
  T: {
    name: 'RowDescription',
    read: (cursor) => ({ kind: 'row-description', columns: cursor.list('column', () => readColumn(cursor)) }),
  },
  t: {
    name: 'ParameterDescription',
    read: (cursor) => ({ kind: 'parameter-description', types: cursor.list('type', (field) => cursor.oid(field)) }),
  },
  D: {
    name: 'DataRow',
    read: (cursor) => ({ kind: 'data-row', values: cursor.list('column', (field) => cursor.value(field)) }),
  },
  C: { name: 'CommandComplete', read: (cursor) => ({ kind: 'command-complete', tag: cursor.text('the tag') }) },
  E: reportReader('ErrorResponse', 'error'),
  N: reportReader('NoticeResponse', 'notice'),
  A: {
    name: 'NotificationResponse',
    read: (cursor) => ({
      kind: 'notification',
      processId: cursor.oid('the process'),
      channel: cursor.text('the channel'),
      payload: cursor.text('the payload'),
    }),
  },
  V: {
    name: 'FunctionCallResponse',
    read: (cursor) => ({ kind: 'function-result', value: cursor.value('the value') }),
  },
  G: copyReader('CopyInResponse', 'copy-in'),
  H: copyReader('CopyOutResponse', 'copy-out'),
  W: copyReader('CopyBothResponse', 'copy-both'),
  d: { name: 'CopyData', read: (cursor) => ({ kind: 'copy-data', bytes: cursor.rest() }) },
  c: { name: 'CopyDone', read: () => ({ kind: 'copy-done' }) },
  '1': bareReader('ParseComplete', 'parse-complete'),
  '2': bareReader('BindComplete', 'bind-complete'),
  '3': bareReader('CloseComplete', 'close-complete'),
  n: bareReader('NoData', 'no-data'),
  I: bareReader('EmptyQueryResponse', 'empty-query'),
  s: bareReader('PortalSuspended', 'portal-suspended'),
}

function readColumn(cursor: MessageCursor): Column {
  const name = cursor.text('a name')
  return {
    name,
    table: cursor.oid(`the table of ${name}`),
    attribute: cursor.int16(`the number of ${name}`),
    type: cursor.oid(`the type of ${name}`),
    size: signed(cursor.int16(`the size of ${name}`)),
    modifier: cursor.int32(`the modifier of ${name}`),
    format: cursor.format(`the format of ${name}`),
  }
}

const signed = (int16: number): number => (int16 << 16) >> 16

/** @throws Error for a text with a zero byte. */
export function writeBackend(message: BackendMessage): Buffer {
  switch (message.kind) {
    case 'encryption':
      return Buffer.from(message.answer)
    case 'authentication':
      return typed('R', int32(message.method), message.bytes)
    case 'backend-key':
      return typed('K', int32(message.processId), message.secret)
    case 'parameter-status':
      return typed('S', text(message.name), text(message.value))
    case 'negotiate-version':
      return typed('v', int32(message.minorVersion), int32(message.unknown.length), ...message.unknown.map(text))
    case 'ready':
      return typed('Z', Buffer.from(message.status))
    case 'row-description':
      return typed('T', list(message.columns, columnBytes))
    case 'parameter-description':
      return typed('t', list(message.types, int32))
    case 'data-row':
      return typed('D', list(message.values, value))
    case 'command-complete':
      return typed('C', text(message.tag))
    case 'error':
    case 'notice': {
      const fields = message.fields.map(([letter, value]) => text(`${letter}${value}`))
      return typed(message.kind === 'error' ? 'E' : 'N', ...fields, text(''))
    }
    case 'notification':
      return typed('A', int32(message.processId), text(message.channel), text(message.payload))
    case 'function-result':
      return typed('V', value(message.value))
    case 'copy-in':
    case 'copy-out':
    case 'copy-both':
      return typed(copyLetters[message.kind], Buffer.from([message.format]), list(message.columns, int16))
    case 'copy-data':
      return typed('d', message.bytes)
    case 'copy-done':
      return typed('c')
    default:
      return typed(bareLetters[message.kind])
  }
}

const copyLetters = { 'copy-in': 'G', 'copy-out': 'H', 'copy-both': 'W' } as const

const bareLetters: { readonly [kind in BareReply]: string } = {
  'parse-complete': '1',
  'bind-complete': '2',
  'close-complete': '3',
  'no-data': 'n',
  'empty-query': 'I',
  'portal-suspended': 's',
}

const columnBytes = ({ name, table, attribute, type, size, modifier, format }: Column): Buffer =>
  Buffer.concat([
    ...[text(name), int32(table), int16(attribute), int32(type)],
    ...[int16(size & 0xffff), int32(modifier), int16(format)],
  ])
