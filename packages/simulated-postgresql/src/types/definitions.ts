import { order } from '../order.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { compareAddresses, parseAddress, withoutFullPrefix } from './addresses.ts'
import { compareArrays, formatArray, parseArray, receiveArray, sendArray } from './array.ts'
import { fitBit, fitVarbit, parseBits, receiveBits, sendBits } from './bits.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { NotComputed } from './calculator.ts'
import { MICROS_PER_DAY } from './calendar.ts'
import {
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

function read<T>(bytes: Uint8Array, take: (reader: ByteReader) => T): T {
  const reader = new ByteReader(bytes)
  const value = take(reader)
  reader.end()
  return value
}

const numbers = (a: SqlValue, b: SqlValue) => asNumber(a) - asNumber(b)
const bigints = (a: SqlValue, b: SqlValue) => order(asBigint(a), asBigint(b))
const texts = (a: SqlValue, b: SqlValue) => compareText(asString(a), asString(b))
const floats = (a: SqlValue, b: SqlValue) => compareFloat(asNumber(a), asNumber(b))

function textLike(fit: (text: string, typmod: number) => string = (text) => text): Behaviour {
  return {
    input: (text, _context, typmod) => fit(text, typmod),
    output: asString,
    receive: (bytes, _context, typmod) => fit(decodeText(bytes), typmod),
    send: (value) => encodeUtf8(asString(value)),
    compare: texts,
  }
}

function decodeText(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes)
  if (text.includes('\0')) {
    throw new SqlError('22021', 'invalid byte sequence for encoding "UTF8": 0x00')
  }
  return text
}

const unsigned: Behaviour = {
  input: parseOid,
  output: (value) => asNumber(value).toString(),
  receive: (bytes) => read(bytes, (reader) => reader.uint32()),
  send: (value) => write((writer) => writer.int32(asNumber(value) | 0)),
  compare: numbers,
}

/** The position of a version in a table: the page number times 65536 plus the number within the page. */
const tid: Behaviour = {
  input(text) {
    const [, page = '', line = ''] = /^\s*\((\d+),(\d+)\)\s*$/.exec(text) ?? []
    if (page === '' || Number(page) > 0xffff_ffff || Number(line) > 0xffff)
      throw new SqlError('22P02', `invalid input syntax for type tid: "${text}"`)
    return Number(page) * 0x1_0000 + Number(line)
  },
  output: (value) => `(${Math.floor(asNumber(value) / 0x1_0000)},${asNumber(value) % 0x1_0000})`,
  receive: (bytes) => read(bytes, (reader) => reader.uint32() * 0x1_0000 + reader.uint16()),
  send: (value) =>
    write((writer) => {
      writer.int32(Math.floor(asNumber(value) / 0x1_0000) | 0)
      writer.int16(asNumber(value) % 0x1_0000)
    }),
  compare: numbers,
}

/** The binary form and the order of a number of a fixed size. */
const sized = (size: 'int16' | 'int32' | 'float32' | 'float64', compare: typeof numbers) => ({
  receive: (bytes: Uint8Array) => read(bytes, (reader) => reader[size]()),
  send: (value: SqlValue) => write((writer) => writer[size](asNumber(value))),
  compare,
})

const int2: Behaviour = {
  ...sized('int16', numbers),
  input: (text) => Number(parseInteger(text, INT2)),
  output: (value) => asNumber(value).toString(),
}

const int4: Behaviour = {
  ...sized('int32', numbers),
  input: (text) => Number(parseInteger(text, INT4)),
  output: (value) => asNumber(value).toString(),
}

const int8: Behaviour = {
  input: (text) => parseInteger(text, INT8),
  output: (value) => asBigint(value).toString(),
  receive: (bytes) => read(bytes, (reader) => reader.int64()),
  send: (value) => write((writer) => writer.int64(asBigint(value))),
  compare: bigints,
}

const float4: Behaviour = {
  ...sized('float32', floats),
  input: (text) => parseFloat8(text, 'real'),
  output: (value) => formatFloat4(asNumber(value)),
}

const float8: Behaviour = {
  input: (text) => parseFloat8(text),
  ...sized('float64', floats),
  output: (value) => formatFloat8(asNumber(value)),
}

const numeric: Behaviour = {
  input: (text, _context, typmod) => fitNumeric(parseNumeric(text), typmod),
  output: (value) => formatNumeric(asNumeric(value)),
  receive: (bytes, _context, typmod) => fitNumeric(receiveNumeric(bytes), typmod),
  send: (value) => sendNumeric(asNumeric(value)),
  compare: (a, b) => compareNumeric(asNumeric(a), asNumeric(b)),
}

const bool: Behaviour = {
  input: parseBoolean,
  output: (value) => (asBoolean(value) ? 't' : 'f'),
  receive: (bytes) => read(bytes, (reader) => reader.int8() !== 0),
  send: (value) => Uint8Array.of(asBoolean(value) ? 1 : 0),
  compare: (a, b) => Number(asBoolean(a)) - Number(asBoolean(b)),
}

const bytea: Behaviour = {
  input: parseBytea,
  output: (value) => formatBytea(asBytes(value)),
  receive: (bytes) => bytes.slice(),
  send: asBytes,
  compare: (a, b) => compareBytes(asBytes(a), asBytes(b)),
}

const uuid: Behaviour = {
  input: parseUuid,
  output: asString,
  receive: (bytes) => {
    if (bytes.length !== 16) throw new SqlError('08P01', 'insufficient data left in message')
    return formatUuid(hexOf(bytes))
  },
  send: (value) => bytesOfHex(asString(value).replaceAll('-', '')),
  compare: texts,
}

const bpchar: Behaviour = {
  ...textLike((text, typmod) => fitBpchar(text, typmod, false)),
  compare: (a, b) => compareText(withoutTrailingBlanks(asString(a)), withoutTrailingBlanks(asString(b))),
}

const char: Behaviour = textLike((text) => {
  if (encodeUtf8(text.slice(0, 1)).length > 1) throw new NotSupported('a "char" outside ASCII')
  return text.slice(0, 1)
})

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

const jsonb: Behaviour = {
  input: (text) => new Jsonb(parseJson(text)),
  output: (value) => formatJson(asJsonb(value).value),
  receive: (bytes) => {
    if (bytes[0] !== 1) throw new SqlError('XX000', `unsupported jsonb version number ${bytes[0] ?? 0}`)
    return new Jsonb(parseJson(decodeText(bytes.subarray(1))))
  },
  send: (value) => {
    const text = encodeUtf8(formatJson(asJsonb(value).value))
    const bytes = new Uint8Array(text.length + 1)
    bytes[0] = 1
    bytes.set(text, 1)
    return bytes
  },
  compare: (a, b) => compareJsonb(asJsonb(a), asJsonb(b)),
}

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
 * Parses an interval. The fields of the type decide the unit of a bare number; the calculator does not know these
 * fields.
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

const date: Behaviour = {
  input: orCalculated(parseDate, 'date'),
  ...sized('int32', numbers),
  output: (value) => formatDate(asNumber(value)),
}

const sendBigint = (value: SqlValue) => write((writer) => writer.int64(asBigint(value)))
const receiveMicros = (bytes: Uint8Array, _context: TextContext, typmod: number) =>
  roundMicros(
    read(bytes, (reader) => reader.int64()),
    typmod,
  )

const time: Behaviour = {
  input: (text, context, typmod) => roundMicros(timeInput(text, context, typmod), typmod),
  output: (value) => formatTime(asBigint(value)),
  receive: (bytes, context, typmod) => {
    const micros = receiveMicros(bytes, context, typmod)
    if (micros < 0n || micros > MICROS_PER_DAY) throw new SqlError('22008', 'time out of range')
    return micros
  },
  send: sendBigint,
  compare: bigints,
}

const timestamp: Behaviour = {
  input: (text, context, typmod) => roundMicros(timestampInput(text, context, typmod), typmod),
  output: (value) => formatTimestamp(asBigint(value)),
  receive: receiveMicros,
  send: sendBigint,
  compare: bigints,
}

const timestamptz: Behaviour = {
  ...timestamp,
  input: (text, context, typmod) => roundMicros(timestamptzInput(text, context, typmod), typmod),
  output: (value, context) => formatTimestamptz(asBigint(value), context),
}

const interval: Behaviour = {
  input: (text, context, typmod) => fitInterval(intervalInput(text, context, typmod), typmod),
  output: (value) => formatInterval(asInterval(value)),
  receive: (bytes, _context, typmod) =>
    read(bytes, (reader) => {
      const micros = reader.int64()
      const days = reader.int32()
      return fitInterval(new Interval(reader.int32(), days, micros), typmod)
    }),
  send: (value) =>
    write((writer) => {
      const { micros, days, months } = asInterval(value)
      writer.int64(micros)
      writer.int32(days)
      writer.int32(months)
    }),
  compare: (a, b) => compareInterval(asInterval(a), asInterval(b)),
}

function address(isNetwork: boolean): Behaviour {
  const refuse = (): never => {
    throw new NotSupported('the binary form of an address')
  }
  return {
    input: (text) => parseAddress(text, isNetwork),
    output: (value) => (isNetwork ? asString(value) : withoutFullPrefix(asString(value))),
    receive: refuse,
    send: refuse,
    compare: (a, b) => compareAddresses(asString(a), asString(b)),
  }
}

function bitString(fit: typeof fitBit): Behaviour {
  return {
    input: (text, _context, typmod) => fit(parseBits(text), typmod, false),
    output: asString,
    receive: (bytes, _context, typmod) => fit(receiveBits(bytes), typmod, false),
    send: (value) => sendBits(asString(value)),
    compare: texts,
  }
}

/** The type `void` has one value, the empty text. */
const nothing: Behaviour = { ...textLike(), send: () => new Uint8Array(0), compare: undefined }

/** `int2vector` and `oidvector`: arrays with lower bound 0, printed with blanks. */
function vector(elementOid: number): Behaviour {
  return {
    input: (text) => {
      const numbersOf = text.trim() === '' ? [] : text.trim().split(/\s+/)
      return new SqlArray(elementOid, numbersOf.map(parseOid), [numbersOf.length], [0])
    },
    output: (value) =>
      asArray(value)
        .elements.map((element) => asNumber(element).toString())
        .join(' '),
    receive: (bytes, context) => receiveArray(bytes, context.types.typeOf(elementOid), context, -1),
    send: (value, context) => sendArray(asArray(value), context.types.typeOf(elementOid), context),
    compare: (a, b) => compareArrays(asArray(a), asArray(b), numbers),
  }
}

/** pg_node_tree, the type of expressions in the catalogue. Only `pg_get_expr` prints its values. */
const nodeTree: Behaviour = { ...textLike(), output: refusedTree, send: refusedTree, compare: refusedTree }

function refusedTree(): never {
  throw new NotSupported('a pg_node_tree other than by pg_get_expr')
}

export const BEHAVIOURS: ReadonlyMap<number, Behaviour> = new Map<number, Behaviour>([
  [OID.bool, bool],
  [OID.bytea, bytea],
  [OID.char, char],
  [OID.name, textLike(fitName)],
  [OID.int8, int8],
  [OID.int2, int2],
  [OID.int2vector, vector(OID.int2)],
  [OID.int4, int4],
  [OID.text, textLike()],
  [OID.oid, unsigned],
  [OID.tid, tid],
  [OID.xid, { ...unsigned, compare: undefined }],
  [OID.cid, { ...unsigned, compare: undefined }],
  [OID.oidvector, vector(OID.oid)],
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
  return {
    input: (text, context, typmod) => parseArray(text, context.types.typeOf(elementOid), context, typmod),
    output: (value, context) => formatArray(asArray(value), context.types.typeOf(elementOid), context),
    receive: (bytes, context, typmod) => receiveArray(bytes, context.types.typeOf(elementOid), context, typmod),
    send: (value, context) => sendArray(asArray(value), context.types.typeOf(elementOid), context),
    compare: undefined,
  }
}

/** Returns the behaviour of a type that has a name, but no simulated values. */
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
  return {
    input: checked,
    output: asString,
    receive: (bytes) => checked(decodeText(bytes)),
    send: (value) => encodeUtf8(asString(value)),
    compare: (a, b) => labels.indexOf(asString(a)) - labels.indexOf(asString(b)),
  }
}
