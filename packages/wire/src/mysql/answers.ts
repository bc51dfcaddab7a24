import { MalformedMessage } from '../framing/malformed-message.ts'
import { COLUMN_FLAG, TYPE } from './layout.ts'
import { PacketCursor } from './packet-cursor.ts'

// The packets that a server sends after a login, with an EOF packet after columns and after rows.

/** The result of a command. */
export interface OkPacket {
  /** The number of changed rows, or of found rows if the client chose so. */
  readonly affected: number
  /** The value that AUTO_INCREMENT generated, in digits; `0` if none. */
  readonly insertId: string
  readonly status: number
  readonly warnings: number
  /** The server's text on the command, in the server's language: `Rows matched: 1 Changed: 0 Warnings: 0`. */
  readonly info: string
}

/** The first packet of a reply, by its first byte. */
export type FirstPacket =
  | ({ readonly kind: 'ok' } & OkPacket)
  | { readonly kind: 'error'; readonly error: ServerError }
  /** The server requests a file from the client. */
  | { readonly kind: 'local-file' }
  | { readonly kind: 'columns'; readonly count: number }

export interface ServerError {
  readonly code: number
  readonly message: string
}

export interface ColumnDefinition {
  readonly name: string
  readonly type: number
  readonly flags: number
}

const OK = 0
const ERROR = 0xff
const END = 0xfe
const LOCAL_FILE = 0xfb
const END_BYTES = 5

/** @throws MalformedMessage */
export function readFirst(payload: Buffer): FirstPacket {
  if (payload[0] === OK) return { kind: 'ok', ...readOk(payload) }
  if (payload[0] === ERROR) return { kind: 'error', error: readError(payload) }
  if (payload[0] === LOCAL_FILE) return { kind: 'local-file' }
  const cursor = new PacketCursor('the number of columns', payload, 0)
  const count = cursor.number()
  if (count === null || count === 0 || !cursor.isAtEnd) throw cursor.error('the packet is not one positive number')
  return { kind: 'columns', count }
}

function readOk(payload: Buffer): OkPacket {
  const cursor = new PacketCursor('OK', payload, 1)
  const [affected, insertId] = [cursor.number() ?? 0, cursor.digits()]
  const [status, warnings] = [cursor.integer(2), cursor.integer(2)]
  return { affected, insertId, status, warnings, info: infoOf(cursor.rest()) }
}

/** Returns a text. The first byte of `rest` is the length of the text in bytes, and the text follows. */
function infoOf(rest: Buffer): string {
  const length = rest[0] ?? 0
  return rest.subarray(1, 1 + length).toString('utf8')
}

/** @throws MalformedMessage */
export function readError(payload: Buffer): ServerError {
  const cursor = new PacketCursor('ERR', payload, 1)
  const code = cursor.integer(2)
  const message = cursor.rest().toString('utf8')
  return { code, message: message.startsWith('#') ? message.slice(6) : message }
}

/** Reads the end of columns or rows, or an error in its place. */
export function readEnd(
  payload: Buffer,
):
  | { readonly kind: 'end'; readonly status: number; readonly warnings: number }
  | { readonly kind: 'error'; readonly error: ServerError }
  | undefined {
  if (payload[0] === ERROR) return { kind: 'error', error: readError(payload) }
  if (payload[0] !== END || payload.length > END_BYTES) return undefined
  const cursor = new PacketCursor('EOF', payload, 1)
  const warnings = cursor.integer(2)
  return { kind: 'end', warnings, status: cursor.integer(2) }
}

/** @throws MalformedMessage */
export function readColumn(payload: Buffer): ColumnDefinition {
  const cursor = new PacketCursor('a column', payload, 0)
  // Skips the catalogue, the schema, the table's name, and the table's original name.
  for (let i = 0; i < 4; i++) cursor.value()
  const name = (cursor.value() ?? Buffer.alloc(0)).toString('utf8')
  cursor.value()
  cursor.number()
  cursor.bytes(2 + 4)
  return { name, type: cursor.integer(1), flags: cursor.integer(2) }
}

/** Reads the reply to a prepare command, which begins like an OK. @throws MalformedMessage */
export function readPrepared(payload: Buffer): {
  readonly id: number
  readonly columns: number
  readonly parameters: number
} {
  const cursor = new PacketCursor('the answer to a text to prepare', payload, 1)
  return { id: cursor.integer(4), columns: cursor.integer(2), parameters: cursor.integer(2) }
}

/** The text of a value; `unread` if it depends on the server. */
export type Value = Buffer | null | 'unread'

/** @throws MalformedMessage */
export function readTextRow(payload: Buffer, columns: readonly ColumnDefinition[]): readonly Value[] {
  const cursor = new PacketCursor('a row', payload, 0)
  const values = columns.map(({ type }): Value => {
    const value = cursor.value()
    return value !== null && (type === TYPE.float || type === TYPE.double) ? 'unread' : value
  })
  if (!cursor.isAtEnd) throw cursor.error('bytes are left over')
  return values
}

/** Reads a row of a prepared statement. @throws MalformedMessage */
export function readBinaryRow(payload: Buffer, columns: readonly ColumnDefinition[]): readonly Value[] {
  const cursor = new PacketCursor('a binary row', payload, 1)
  const nulls = cursor.bytes((columns.length + 9) >> 3)
  const values = columns.map(({ type, flags }, at): Value => {
    if (isSet(nulls, at + 2)) return null
    const value = readBinary(cursor, type, (flags & COLUMN_FLAG.unsigned) !== 0)
    // The text of a fraction depends on the rounding of its column, which is unknown here.
    return type === TYPE.float || type === TYPE.double ? 'unread' : value
  })
  if (!cursor.isAtEnd) throw cursor.error('bytes are left over')
  return values
}

export const isSet = (bitmap: Buffer, bit: number): boolean => ((bitmap[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0

/** Reads a value of a parameter, or of a prepared statement's row. @throws MalformedMessage */
export function readBinary(cursor: PacketCursor, type: number, isUnsigned: boolean): Value {
  switch (type) {
    case TYPE.tiny:
      return integerText(cursor.bytes(1), isUnsigned)
    case TYPE.short:
    case TYPE.year:
      return integerText(cursor.bytes(2), isUnsigned)
    case TYPE.long:
    case TYPE.int24:
      return integerText(cursor.bytes(4), isUnsigned)
    case TYPE.longlong:
      return integerText(cursor.bytes(8), isUnsigned)
    case TYPE.double:
      return Buffer.from(String(cursor.bytes(8).readDoubleLE(0)))
    case TYPE.float:
      cursor.bytes(4)
      return 'unread'
    case TYPE.null:
      return null
    case TYPE.timestamp:
    case TYPE.datetime:
    case TYPE.date:
    case TYPE.time:
      cursor.bytes(cursor.integer(1))
      return 'unread'
    default: {
      if (!isText(type)) throw new MalformedMessage(`a value has the unknown type ${type}`)
      const value = cursor.value()
      return value === null ? 'unread' : value
    }
  }
}

/** Returns whether values of a type are encoded as a length and bytes. */
const isText = (type: number): boolean =>
  type === 0 || type === TYPE.varchar || type === TYPE.bit || (type >= TYPE.json && type <= 255)

function integerText(bytes: Buffer, isUnsigned: boolean): Buffer {
  const bits = bytes.length * 8
  let value = 0n
  for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at] ?? 0)
  return Buffer.from(String(isUnsigned ? value : BigInt.asIntN(bits, value)))
}
