import { isUtf8 } from 'node:buffer'
import { isObject, type Json } from '@chaosproxy/history'
import type { Field, FieldKind, MessageType, ScalarName } from './message-type.ts'
import { WIRE, WireError, WireReader } from './wire-reader.ts'

/** The nesting limit of protobuf's own decoders. */
const MOST_NESTED_MESSAGES = 100

type Members = { [name: string]: Json }

/**
 * Decodes a message to JSON, mostly by the proto3 mapping (https://protobuf.dev/programming-guides/json): 64-bit
 * integers become strings, bytes become base64, enum values become their names. Members keep their declared names
 * (`range_end`), as in etcd's gateway. An absent scalar gets its default value unless it is `optional` or in a oneof;
 * an absent message or list has no member. Wrappers (`google.protobuf.StringValue`) become their values. Undeclared
 * fields are omitted.
 *
 * @throws WireError if the bytes are not a message of this type.
 */
export function decodeMessage(bytes: Buffer, type: MessageType): Json {
  const members = decodeInto(bytes, type, {}, 0)
  return WRAPPER.test(type.name) ? (members['value'] ?? null) : members
}

const WRAPPER = /^google\.protobuf\.(Double|Float|U?Int64|U?Int32|Bool|String|Bytes)Value$/

function decodeInto(bytes: Buffer, type: MessageType, members: Members, depth: number): Members {
  if (depth > MOST_NESTED_MESSAGES) throw new WireError('messages are nested too deeply')
  const reader = new WireReader(bytes)
  while (reader.nextField()) {
    const field = type.fields.get(reader.number)
    if (field === undefined) reader.skip()
    else readField(reader, field, members, depth, type)
  }
  for (const { name, kind, hasDefault } of type.fields.values())
    if (hasDefault && !Object.hasOwn(members, name)) set(members, name, defaultOf(kind))
  return members
}

function readField(reader: WireReader, field: Field, members: Members, depth: number, type: MessageType): void {
  const { name, kind, shape, oneof } = field
  if (shape === 'map') {
    const [key, value] = readEntry(reader, kind, depth)
    set(memberObject(members, name), key, value)
    return
  }
  if (shape === 'repeated') {
    const list = memberList(members, name)
    if (reader.wireType === WIRE.bytes && isPackable(kind)) {
      const packed = new WireReader(reader.lengthDelimited())
      packed.wireType = wireTypeOf(kind)
      while (!packed.atEnd) list.push(readValue(packed, kind, undefined, depth))
    } else list.push(readValue(reader, kind, undefined, depth))
    return
  }
  const before = Object.hasOwn(members, name) ? members[name] : undefined
  const value = readValue(reader, kind, before, depth)
  if (oneof !== undefined)
    for (const rival of type.fields.values()) if (rival.oneof === oneof) delete members[rival.name]
  set(members, name, value)
}

/** Reads one entry of a map: a message with the key (field 1) and the value (field 2). */
function readEntry(reader: WireReader, kind: FieldKind, depth: number): readonly [key: string, value: Json] {
  if (typeof kind === 'string' || !('message' in kind)) throw new WireError('the entries of a map must be messages')
  const entry = decodeInto(expectBytes(reader), kind.message, {}, depth + 1)
  const [keyField, valueField] = [kind.message.fields.get(1), kind.message.fields.get(2)]
  if (keyField === undefined || valueField === undefined)
    throw new WireError('an entry of a map must have a key and a value')
  return [String(entry[keyField.name]), entry[valueField.name] ?? {}]
}

/** @param before the member's value so far: a message may arrive in several parts, which are merged. */
function readValue(reader: WireReader, kind: FieldKind, before: Json | undefined, depth: number): Json {
  if (typeof kind === 'string') return readScalar(reader, kind)
  if ('names' in kind) {
    expectWireType(reader, WIRE.varint)
    reader.varint()
    return kind.names.get(reader.low | 0) ?? reader.low | 0
  }
  const merged = isObject(before) ? { ...before } : {}
  const members = decodeInto(expectBytes(reader), kind.message, merged, depth + 1)
  return WRAPPER.test(kind.message.name) ? (members['value'] ?? null) : members
}

function readScalar(reader: WireReader, kind: ScalarName): Json {
  expectWireType(reader, wireTypeOf(kind))
  switch (kind) {
    case 'string': {
      const bytes = reader.lengthDelimited()
      // Decoding replaces invalid bytes, which could make two different strings equal.
      if (!isUtf8(bytes)) throw new WireError('a text is not UTF-8')
      return bytes.toString('utf8')
    }
    case 'bytes':
      return reader.lengthDelimited().toString('base64')
    case 'double':
      return numberText(reader.take(8).readDoubleLE())
    case 'float':
      return numberText(reader.take(4).readFloatLE())
    case 'fixed32':
    case 'sfixed32':
      reader.fixed32()
      return kind === 'fixed32' ? reader.low : reader.low | 0
    case 'fixed64':
    case 'sfixed64':
      reader.fixed64()
      return longText(reader, kind === 'sfixed64')
    default:
      reader.varint()
      return varintValue(reader, kind)
  }
}

function varintValue(reader: WireReader, kind: 'bool' | 'int32' | 'uint32' | 'sint32' | 'int64' | 'uint64' | 'sint64') {
  const { low, high } = reader
  switch (kind) {
    case 'bool':
      return low !== 0 || high !== 0
    case 'int32':
      return low | 0
    case 'uint32':
      return low
    case 'sint32':
      return (low >>> 1) ^ -(low & 1)
    case 'int64':
    case 'uint64':
      return longText(reader, kind === 'int64')
    case 'sint64':
      return longText(
        { low: (((high << 31) | (low >>> 1)) ^ -(low & 1)) >>> 0, high: ((high >>> 1) ^ -(low & 1)) >>> 0 },
        true,
      )
  }
}

/** A JSON number cannot hold 64 bits exactly. */
function longText({ low, high }: { readonly low: number; readonly high: number }, signed: boolean): string {
  if (high < 2 ** 21) return String(high * 2 ** 32 + low)
  const value = (BigInt(high) << 32n) | BigInt(low)
  return String(signed ? BigInt.asIntN(64, value) : value)
}

const numberText = (value: number): Json => (Number.isFinite(value) ? value : String(value))

const isPackable = (kind: FieldKind): boolean =>
  typeof kind === 'string' ? kind !== 'string' && kind !== 'bytes' : 'names' in kind

function wireTypeOf(kind: FieldKind): number {
  switch (kind) {
    case 'string':
    case 'bytes':
      return WIRE.bytes
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return WIRE.fixed64
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return WIRE.fixed32
    default:
      return WIRE.varint
  }
}

function expectWireType(reader: WireReader, wanted: number): void {
  if (reader.wireType !== wanted) throw new WireError(`field ${reader.number} is of another type`)
}

function expectBytes(reader: WireReader): Buffer {
  expectWireType(reader, WIRE.bytes)
  return reader.lengthDelimited()
}

function defaultOf(kind: FieldKind): Json {
  switch (kind) {
    case 'string':
    case 'bytes':
      return ''
    case 'bool':
      return false
    case 'int64':
    case 'uint64':
    case 'sint64':
    case 'fixed64':
    case 'sfixed64':
      return '0'
    default:
      return typeof kind === 'string' || !('names' in kind) ? 0 : (kind.names.get(0) ?? 0)
  }
}

function memberObject(members: Members, name: string): Members {
  const before = Object.hasOwn(members, name) ? members[name] : undefined
  if (isObject(before)) return before
  const made: Members = {}
  set(members, name, made)
  return made
}

function memberList(members: Members, name: string): Json[] {
  const before = Object.hasOwn(members, name) ? members[name] : undefined
  if (Array.isArray(before)) return before as Json[]
  const made: Json[] = []
  set(members, name, made)
  return made
}

/** A map may have the key `__proto__`, which a plain assignment would not store. */
function set(members: Members, name: string, value: Json): void {
  if (name === '__proto__') Object.defineProperty(members, name, { value, enumerable: true, configurable: true })
  else members[name] = value
}
