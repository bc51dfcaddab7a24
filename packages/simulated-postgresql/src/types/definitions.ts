import { order } from '../order.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { compareAddresses, parseAddress, withoutFullPrefix } from './addresses.ts'
import { compareArrays, formatArray, parseArray, receiveArray, sendArray } from './array.ts'
import { fitBit, fitVarbit, parseBits, receiveBits, sendBits } from './bits.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { NotComputed } from './calculator.ts'
import { DATE_INFINITY, DATE_MINUS_INFINITY, isEndless, MICROS_PER_DAY } from './calendar.ts'
import {
  checkedDate,
  checkedTimestamp,
  formatDate,
  formatTime,
  formatTimestamp,
  formatTimestamptz,
  parseDate,
  parseTime,
  parseTimestamp,
  roundMicros,
} from './datetime.ts'
import {
  compareInterval,
  fitInterval,
  formatInterval,
  isMinuteToSecond,
  parseInterval,
  unitOfTypmod,
} from './interval.ts'
import { checkJson, compareJsonb, formatJson, parseJson } from './json.ts'
import {
  compareFloat,
  formatFloat4,
  formatFloat8,
  INT2,
  INT4,
  INT8,
  parseFloat8,
  parseInteger,
  parseOid,
} from './numbers.ts'
import { compareNumeric, fitNumeric, formatNumeric, parseNumeric } from './numeric.ts'
import { receiveNumeric, sendNumeric } from './numeric-binary.ts'
import { OID } from './oids.ts'
import type { TextContext, TypeDefinition } from './registry.ts'
import {
  bytesOfHex,
  compareBytes,
  fitBpchar,
  fitName,
  fitVarchar,
  formatBytea,
  formatUuid,
  hexOf,
  MAX_NAME_BYTES,
  parseBoolean,
  parseBytea,
  parseUuid,
  withoutTrailingBlanks,
} from './text.ts'
import { compareText, decodeUtf8, encodeUtf8 } from './utf8.ts'
import { Interval, Jsonb, Numeric, SqlArray, type SqlValue } from './value.ts'

export type Behaviour = Pick<TypeDefinition, 'input' | 'output' | 'receive' | 'send' | 'compare'>

/** Throws for a value of the wrong kind, which is a bug of the engine. */
function wrong(value: SqlValue | undefined, expected: string): never {
  throw new TypeError(`expected ${expected}, found ${value === null ? 'null' : typeof value}`)
}

export function asNumber(value: SqlValue | undefined): number {
  return typeof value === 'number' ? value : wrong(value, 'a number')
}

export function asBigint(value: SqlValue | undefined): bigint {
  return typeof value === 'bigint' ? value : wrong(value, 'a bigint')
}

export function asString(value: SqlValue | undefined): string {
  return typeof value === 'string' ? value : wrong(value, 'a string')
}

export function asBoolean(value: SqlValue | undefined): boolean {
  return typeof value === 'boolean' ? value : wrong(value, 'a boolean')
}

export function asBytes(value: SqlValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : wrong(value, 'bytes')
}

export function asNumeric(value: SqlValue | undefined): Numeric {
  return value instanceof Numeric ? value : wrong(value, 'a numeric')
}

export function asInterval(value: SqlValue | undefined): Interval {
  return value instanceof Interval ? value : wrong(value, 'an interval')
}

export function asArray(value: SqlValue | undefined): SqlArray {
  return value instanceof SqlArray ? value : wrong(value, 'an array')
}

export function asJsonb(value: SqlValue | undefined): Jsonb {
  return value instanceof Jsonb ? value : wrong(value, 'a jsonb')
}

function write(fill: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter()
  fill(writer)
  return writer.bytes()
}

/** Reads a value that takes all the bytes. */
export function read<T>(bytes: Uint8Array, take: (reader: ByteReader) => T): T {
  const reader = new ByteReader(bytes)
  const value = take(reader)
  reader.end()
  return value
}

interface Own<T> extends Pick<Behaviour, 'input' | 'receive'> {
  output(value: T, context: TextContext): string
  send(value: T, context: TextContext): Uint8Array
  readonly compare?: (a: T, b: T) => number
}

/**
 * Returns the behaviour of an SQL type whose values are of the TypeScript type `T`. Before a value is passed to
 * `output`, `send` or `compare`, `as` checks that it is a `T`.
 */
export function behaviour<T>(
  as: (value: SqlValue | undefined) => T,
  { output, send, compare, ...parsing }: Own<T>,
): Behaviour {
  return {
    ...parsing,
    output: (value, context) => output(as(value), context),
    send: (value, context) => send(as(value), context),
    compare: compare && ((a, b) => compare(as(a), as(b))),
  }
}

const same = (text: string): string => text
const difference = (a: number, b: number): number => a - b

function textLike(fit: (text: string, typmod: number) => string = same): Behaviour {
  return behaviour(asString, {
    input: (text, _context, typmod) => fit(text, typmod),
    output: same,
    receive: (bytes, _context, typmod) => fit(decodeText(bytes), typmod),
    send: encodeUtf8,
    compare: compareText,
  })
}

function decodeText(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes)
  if (text.includes('\0')) {
    throw new SqlError('22021', 'invalid byte sequence for encoding "UTF8": 0x00')
  }
  return text
}

const unsigned = behaviour(asNumber, {
  input: parseOid,
  output: String,
  receive: (bytes) => read(bytes, (reader) => reader.uint32()),
  send: (value) => write((writer) => writer.int32(value | 0)),
  compare: difference,
})

/** The position of a version in a table: the page number times 65536 plus the number within the page. */
const tid = behaviour(asNumber, {
  input(text) {
    const [, page = '', line = ''] = /^\s*\((\d+),(\d+)\)\s*$/.exec(text) ?? []
    if (page === '' || Number(page) > 0xffff_ffff || Number(line) > 0xffff)
      throw new SqlError('22P02', `invalid input syntax for type tid: "${text}"`)
    return Number(page) * 0x1_0000 + Number(line)
  },
  output: (value) => `(${Math.floor(value / 0x1_0000)},${value % 0x1_0000})`,
  receive: (bytes) => read(bytes, (reader) => reader.uint32() * 0x1_0000 + reader.uint16()),
  send: (value) =>
    write((writer) => {
      writer.int32(Math.floor(value / 0x1_0000) | 0)
      writer.int16(value % 0x1_0000)
    }),
  compare: difference,
})

/** The binary form and the order of a number of a fixed size. */
const sized = (size: 'int16' | 'int32' | 'float32' | 'float64', compare: typeof difference) => ({
  receive: (bytes: Uint8Array) => read(bytes, (reader) => reader[size]()),
  send: (value: number) => write((writer) => writer[size](value)),
  compare,
})

const int2 = behaviour(asNumber, {
  ...sized('int16', difference),
  input: (text) => Number(parseInteger(text, INT2)),
  output: String,
})

const int4 = behaviour(asNumber, {
  ...sized('int32', difference),
  input: (text) => Number(parseInteger(text, INT4)),
  output: String,
})

const sendBigint = (value: bigint) => write((writer) => writer.int64(value))

const int8 = behaviour(asBigint, {
  input: (text) => parseInteger(text, INT8),
  output: String,
  receive: (bytes) => read(bytes, (reader) => reader.int64()),
  send: sendBigint,
  compare: order,
})

const float4 = behaviour(asNumber, {
  ...sized('float32', compareFloat),
  input: (text) => parseFloat8(text, 'real'),
  output: formatFloat4,
})

const float8 = behaviour(asNumber, {
  ...sized('float64', compareFloat),
  input: (text) => parseFloat8(text),
  output: formatFloat8,
})

const numeric = behaviour(asNumeric, {
  input: (text, _context, typmod) => fitNumeric(parseNumeric(text), typmod),
  output: formatNumeric,
  receive: (bytes, _context, typmod) => fitNumeric(receiveNumeric(bytes), typmod),
  send: sendNumeric,
  compare: compareNumeric,
})

const bool = behaviour(asBoolean, {
  input: parseBoolean,
  output: (value) => (value ? 't' : 'f'),
  receive: (bytes) => read(bytes, (reader) => reader.int8() !== 0),
  send: (value) => Uint8Array.of(value ? 1 : 0),
  compare: (a, b) => Number(a) - Number(b),
})

const bytea = behaviour(asBytes, {
  input: parseBytea,
  output: formatBytea,
  receive: (bytes) => bytes.slice(),
  send: (bytes) => bytes,
  compare: compareBytes,
})

const uuid = behaviour(asString, {
  input: parseUuid,
  output: same,
  receive: (bytes) => formatUuid(hexOf(read(bytes, (reader) => reader.bytes(16)))),
  send: (value) => bytesOfHex(value.replaceAll('-', '')),
  compare: compareText,
})

const bpchar: Behaviour = {
  ...textLike((text, typmod) => fitBpchar(text, typmod, false)),
  compare: (a, b) => compareText(withoutTrailingBlanks(asString(a)), withoutTrailingBlanks(asString(b))),
}

const name: Behaviour = {
  ...textLike(fitName),
  receive: (bytes) => {
    if (bytes.length > MAX_NAME_BYTES)
      throw new SqlError('42622', 'identifier too long', { detail: 'Identifier must be less than 64 characters.' })
    return decodeText(bytes)
  },
}

const refusedChar = (): NotSupported => new NotSupported('a "char" outside ASCII')

/** Its binary form is one byte, 0 for the empty text. */
const char: Behaviour = {
  ...textLike((text) => {
    if (encodeUtf8(text.slice(0, 1)).length > 1) throw refusedChar()
    return text.slice(0, 1)
  }),
  receive: (bytes) => {
    const code = read(bytes, (reader) => reader.int8())
    if (code < 0) throw refusedChar()
    return code === 0 ? '' : String.fromCharCode(code)
  },
  send: (value) => encodeUtf8(asString(value) || '\0'),
}

const json: Behaviour = {
  ...textLike(),
  input: (text) => {
    checkJson(text)
    return text
  },
  receive: (bytes) => {
    const text = decodeText(bytes)
    checkJson(text)
    return text
  },
  compare: undefined,
}

const jsonb = behaviour(asJsonb, {
  input: (text) => new Jsonb(parseJson(text)),
  output: ({ value }) => formatJson(value),
  receive: (bytes) => {
    const reader = new ByteReader(bytes)
    const version = reader.int8()
    if (version !== 1) throw new SqlError('XX000', `unsupported jsonb version number ${version & 255}`)
    return new Jsonb(parseJson(decodeText(reader.rest())))
  },
  send: ({ value }) => {
    const text = encodeUtf8(formatJson(value))
    const bytes = new Uint8Array(text.length + 1)
    bytes[0] = 1
    bytes.set(text, 1)
    return bytes
  },
  compare: compareJsonb,
})

const orCalculated =
  <T>(parse: (text: string, context: TextContext, typmod: number) => T, type: string) =>
  (text: string, context: TextContext, typmod: number): T => {
    try {
      return parse(text, context, typmod)
    } catch (error) {
      if (!(error instanceof NotComputed) || context.calculator === undefined) throw error
      const zone = context.setting('TimeZone') ?? 'UTC'
      const answer = context.calculator.rows(`select $1::${type}`, [OID.text], [text], zone)
      if ('code' in answer) throw new SqlError(answer.code, answer.message)
      return parse(answer.rows[0]?.[0] ?? '', context, typmod)
    }
  }

const timeInput = orCalculated(parseTime, 'time')
const timestampInput = orCalculated((text, context) => parseTimestamp(text, false, context), 'timestamp')
const timestamptzInput = orCalculated((text, context) => parseTimestamp(text, true, context), 'timestamptz')
const plainInterval = orCalculated((text) => parseInterval(text), 'interval')

/**
 * Parses an interval. The fields of its type, such as `DAY TO HOUR`, decide the unit of a bare number. The calculator
 * parses texts without these fields, so it is used only if the unit is the second.
 */
function intervalInput(text: string, context: TextContext, typmod: number): Interval {
  const unit = unitOfTypmod(typmod)
  const refused = (): NotSupported => new NotSupported(`the text '${text}' of an interval with fields`)
  if (isMinuteToSecond(typmod) && text.includes(':')) throw refused()
  if (unit === 'second') return plainInterval(text, context, typmod)
  try {
    return parseInterval(text, unit)
  } catch (error) {
    throw error instanceof NotComputed ? refused() : error
  }
}

const date = behaviour(asNumber, {
  ...sized('int32', difference),
  input: orCalculated(parseDate, 'date'),
  output: formatDate,
  receive: (bytes) => {
    const days = read(bytes, (reader) => reader.int32())
    return days === DATE_INFINITY || days === DATE_MINUS_INFINITY ? days : checkedDate(days)
  },
})

const time = behaviour(asBigint, {
  input: (text, context, typmod) => roundMicros(timeInput(text, context, typmod), typmod),
  output: formatTime,
  receive: (bytes, _context, typmod) => {
    const micros = read(bytes, (reader) => reader.int64())
    if (micros < 0n || micros > MICROS_PER_DAY) throw new SqlError('22008', 'time out of range')
    return roundMicros(micros, typmod)
  },
  send: sendBigint,
  compare: order,
})

const moment = {
  receive: (bytes: Uint8Array, _context: TextContext, typmod: number): bigint => {
    const micros = read(bytes, (reader) => reader.int64())
    return isEndless(micros) ? micros : roundMicros(checkedTimestamp(micros), typmod)
  },
  send: sendBigint,
  compare: order<bigint>,
}

const timestamp = behaviour(asBigint, {
  ...moment,
  input: (text, context, typmod) => roundMicros(timestampInput(text, context, typmod), typmod),
  output: (value) => formatTimestamp(value),
})

const timestamptz = behaviour(asBigint, {
  ...moment,
  input: (text, context, typmod) => roundMicros(timestamptzInput(text, context, typmod), typmod),
  output: formatTimestamptz,
})

const interval = behaviour(asInterval, {
  input: (text, context, typmod) => fitInterval(intervalInput(text, context, typmod), typmod),
  output: formatInterval,
  receive: (bytes, _context, typmod) =>
    read(bytes, (reader) => {
      const micros = reader.int64()
      const days = reader.int32()
      return fitInterval(new Interval(reader.int32(), days, micros), typmod)
    }),
  send: ({ micros, days, months }) =>
    write((writer) => {
      writer.int64(micros)
      writer.int32(days)
      writer.int32(months)
    }),
  compare: compareInterval,
})

function address(isNetwork: boolean): Behaviour {
  const refuse = (): never => {
    throw new NotSupported('the binary form of an address')
  }
  return behaviour(asString, {
    input: (text) => parseAddress(text, isNetwork),
    output: isNetwork ? same : withoutFullPrefix,
    receive: refuse,
    send: refuse,
    compare: compareAddresses,
  })
}

function bitString(fit: typeof fitBit): Behaviour {
  return behaviour(asString, {
    input: (text, _context, typmod) => fit(parseBits(text), typmod, false),
    output: same,
    receive: (bytes, _context, typmod) => fit(receiveBits(bytes), typmod, false),
    send: sendBits,
    compare: compareText,
  })
}

/** The type `void` has one value, the empty text. */
const nothing: Behaviour = { ...textLike(), send: () => new Uint8Array(0), compare: undefined }

/** `int2vector` and `oidvector`: arrays with lower bound 0, printed with blanks. */
function vector(name: string, elementOid: number): Behaviour {
  return behaviour(asArray, {
    input: (text) => {
      const numbersOf = text.trim() === '' ? [] : text.trim().split(/\s+/)
      return new SqlArray(elementOid, numbersOf.map(parseOid), [numbersOf.length], [0])
    },
    output: ({ elements }) => elements.map(asNumber).join(' '),
    receive: (bytes, context) => {
      const array = receiveArray(bytes, context.types.typeOf(elementOid), context, -1)
      if (array.dimensions.length !== 1 || array.lowerBounds[0] !== 0 || array.elements.includes(null))
        throw new SqlError('22P03', `invalid ${name} data`)
      return array
    },
    send: (value, context) => sendArray(value, context.types.typeOf(elementOid), context),
    compare: (a, b) => compareArrays(a, b, (x, y) => asNumber(x) - asNumber(y)),
  })
}

/** pg_node_tree, the type of expressions in the catalogue. Only `pg_get_expr` prints its values. */
const nodeTree: Behaviour = { ...textLike(), output: refusedTree, send: refusedTree, compare: refusedTree }

function refusedTree(): never {
  throw new NotSupported('printing or comparing a pg_node_tree without pg_get_expr')
}

export const BEHAVIOURS: ReadonlyMap<number, Behaviour> = new Map<number, Behaviour>([
  [OID.bool, bool],
  [OID.bytea, bytea],
  [OID.char, char],
  [OID.name, name],
  [OID.int8, int8],
  [OID.int2, int2],
  [OID.int2vector, vector('int2vector', OID.int2)],
  [OID.int4, int4],
  [OID.text, textLike()],
  [OID.oid, unsigned],
  [OID.tid, tid],
  [OID.xid, { ...unsigned, compare: undefined }],
  [OID.cid, { ...unsigned, compare: undefined }],
  [OID.oidvector, vector('oidvector', OID.oid)],
  [OID.json, json],
  [OID.float4, float4],
  [OID.float8, float8],
  [OID.unknown, textLike()],
  [OID.bpchar, bpchar],
  [OID.varchar, textLike((text, typmod) => fitVarchar(text, typmod, false))],
  [OID.date, date],
  [OID.time, time],
  [OID.timestamp, timestamp],
  [OID.timestamptz, timestamptz],
  [OID.interval, interval],
  [OID.inet, address(false)],
  [OID.cidr, address(true)],
  [OID.bit, bitString(fitBit)],
  [OID.varbit, bitString(fitVarbit)],
  [OID.numeric, numeric],
  [OID.void, nothing],
  [OID.uuid, uuid],
  [OID.jsonb, jsonb],
  [OID.xid8, { ...int8, input: (text) => BigInt(text) }],
  [OID.pg_node_tree, nodeTree],
])

/** Returns the behaviour of an array type. Its element type may be created later. */
export function arrayBehaviour(elementOid: number): Behaviour {
  return behaviour(asArray, {
    input: (text, context, typmod) => parseArray(text, context.types.typeOf(elementOid), context, typmod),
    output: (value, context) => formatArray(value, context.types.typeOf(elementOid), context),
    receive: (bytes, context, typmod) => receiveArray(bytes, context.types.typeOf(elementOid), context, typmod),
    send: (value, context) => sendArray(value, context.types.typeOf(elementOid), context),
  })
}

/** Returns the behaviour of a type whose values are not simulated. Each function throws. */
export function refusedBehaviour(name: string): Behaviour {
  const refuse = (): never => {
    throw new NotSupported(`the type ${name}`)
  }
  return { input: refuse, output: refuse, receive: refuse, send: refuse, compare: refuse }
}

export function enumBehaviour(name: string, labels: readonly string[]): Behaviour {
  const checked = (text: string): string => {
    if (!labels.includes(text)) throw new SqlError('22P02', `invalid input value for enum ${name}: "${text}"`)
    return text
  }
  return behaviour(asString, {
    input: checked,
    output: same,
    receive: (bytes) => checked(decodeText(bytes)),
    send: encodeUtf8,
    compare: (a, b) => labels.indexOf(a) - labels.indexOf(b),
  })
}
