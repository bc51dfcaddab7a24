import { MalformedMessage } from '../framing/malformed-message.ts'
import { CANCEL_REQUEST, GSSENC_REQUEST, MAJOR_VERSION, SSL_REQUEST } from './layout.ts'
import type { FrontendMessage } from './message.ts'
import { int16, int32, list, text, typed, untyped, value } from './message-builder.ts'
import { MessageCursor } from './message-cursor.ts'

/**
 * Reads one whole message of a client. Its byte values share the frame's memory.
 *
 * @throws MalformedMessage
 */
export function readFrontend(frame: Buffer): FrontendMessage {
  // A startup packet begins with its length. The length is small, so its first byte is zero. Other messages begin with
  // their type, which is never zero.
  if (frame[0] === 0) return readStartup(new MessageCursor('a startup packet', frame, 4))
  const type = String.fromCharCode(frame[0] ?? 0)
  switch (type) {
    case 'Q': {
      const cursor = new MessageCursor('Query', frame, 5)
      return cursor.ended({ kind: 'query', sql: cursor.text('the text') })
    }
    case 'P': {
      const cursor = new MessageCursor('Parse', frame, 5)
      const [statement, sql] = [cursor.text('the statement'), cursor.text('the text')]
      return cursor.ended({ kind: 'parse', statement, sql, types: cursor.list('type', (field) => cursor.oid(field)) })
    }
    case 'B':
      return readBind(new MessageCursor('Bind', frame, 5))
    case 'D':
    case 'C': {
      const cursor = new MessageCursor(type === 'D' ? 'Describe' : 'Close', frame, 5)
      const letter = String.fromCharCode(cursor.byte('the kind'))
      if (letter !== 'S' && letter !== 'P') throw cursor.error(`${letter} is neither a statement nor a portal`)
      const kind = type === 'D' ? 'describe' : 'close'
      return cursor.ended({ kind, of: letter === 'S' ? 'statement' : 'portal', name: cursor.text('the name') })
    }
    case 'E': {
      const cursor = new MessageCursor('Execute', frame, 5)
      const portal = cursor.text('the portal')
      return cursor.ended({ kind: 'execute', portal, mostRows: cursor.int32('the number of rows') })
    }
    case 'S':
    case 'H':
    case 'X':
    case 'c':
      return new MessageCursor(bare[type], frame, 5).ended({ kind: bare[type] })
    case 'd':
      return { kind: 'copy-data', bytes: frame.subarray(5) }
    case 'f': {
      const cursor = new MessageCursor('CopyFail', frame, 5)
      return cursor.ended({ kind: 'copy-fail', reason: cursor.text('the reason') })
    }
    case 'p':
      return { kind: 'credentials', bytes: frame.subarray(5) }
    case 'F':
      return { kind: 'function-call', bytes: frame.subarray(5) }
    default:
      throw new MalformedMessage(`a client sends no message of type ${JSON.stringify(type)}`)
  }
}

const bare = { S: 'sync', H: 'flush', X: 'terminate', c: 'copy-done' } as const

function readStartup(cursor: MessageCursor): FrontendMessage {
  const code = cursor.oid('the version')
  if (code === SSL_REQUEST) return cursor.ended({ kind: 'ssl-request' })
  if (code === GSSENC_REQUEST) return cursor.ended({ kind: 'gssenc-request' })
  if (code === CANCEL_REQUEST)
    return { kind: 'cancel-request', processId: cursor.oid('the process'), secret: cursor.rest() }
  if (code >>> 16 !== MAJOR_VERSION)
    throw cursor.error(`version ${code >>> 16}.${code & 0xffff} is not supported, only version ${MAJOR_VERSION}`)
  const parameters: (readonly [string, string])[] = []
  for (let name = cursor.text('a name'); name !== ''; name = cursor.text('a name'))
    parameters.push([name, cursor.text(`the value of ${name}`)])
  return cursor.ended({ kind: 'startup', minorVersion: code & 0xffff, parameters })
}

function readBind(cursor: MessageCursor): FrontendMessage {
  const [portal, statement] = [cursor.text('the portal'), cursor.text('the statement')]
  const formats = cursor.list('format', (field) => cursor.format(field))
  const values = cursor.list('value', (field) => cursor.value(field))
  const resultFormats = cursor.list('result format', (field) => cursor.format(field))
  return cursor.ended({ kind: 'bind', portal, statement, formats, values, resultFormats })
}

/** @throws Error for a text with a zero byte. */
export function writeFrontend(message: FrontendMessage): Buffer {
  switch (message.kind) {
    case 'startup': {
      const named = message.parameters.flatMap(([name, given]) => [text(name), text(given)])
      return untyped(int32((MAJOR_VERSION << 16) | message.minorVersion), ...named, text(''))
    }
    case 'ssl-request':
      return untyped(int32(SSL_REQUEST))
    case 'gssenc-request':
      return untyped(int32(GSSENC_REQUEST))
    case 'cancel-request':
      return untyped(int32(CANCEL_REQUEST), int32(message.processId), message.secret)
    case 'credentials':
      return typed('p', message.bytes)
    case 'query':
      return typed('Q', text(message.sql))
    case 'parse':
      return typed('P', text(message.statement), text(message.sql), list(message.types, int32))
    case 'bind':
      return typed(
        'B',
        ...[text(message.portal), text(message.statement), list(message.formats, int16)],
        ...[list(message.values, value), list(message.resultFormats, int16)],
      )
    case 'describe':
    case 'close': {
      const letter = message.of === 'statement' ? 'S' : 'P'
      return typed(message.kind === 'describe' ? 'D' : 'C', Buffer.from(letter), text(message.name))
    }
    case 'execute':
      return typed('E', text(message.portal), int32(message.mostRows))
    case 'function-call':
      return typed('F', message.bytes)
    case 'copy-fail':
      return typed('f', text(message.reason))
    case 'copy-data':
      return typed('d', message.bytes)
    case 'copy-done':
      return typed('c')
    case 'sync':
      return typed('S')
    case 'flush':
      return typed('H')
    case 'terminate':
      return typed('X')
  }
}
