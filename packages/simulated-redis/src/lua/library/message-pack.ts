import { fail, refuse } from '../errors.ts'
import { LuaTable } from '../table.ts'
import type { LuaValue } from '../values.ts'
import { libraryTable, named } from './arguments.ts'

/** The maximum depth of packed tables. Tables at a greater depth are packed as nil. */
const MOST_DEPTH = 16

const view = new DataView(new ArrayBuffer(8))

const written = (size: number): string => String.fromCharCode(...new Uint8Array(view.buffer, 0, size))

const byte = (code: number): string => String.fromCharCode(code)

function unsigned(value: number, size: 1 | 2 | 4): string {
  if (size === 1) view.setUint8(0, value)
  else if (size === 2) view.setUint16(0, value)
  else view.setUint32(0, value)
  return written(size)
}

/** Returns the length in 1, 2 or 4 bytes, after the code for that number of bytes. */
function counted(length: number, codes: readonly [one: number | undefined, two: number, four: number]): string {
  const [one, two, four] = codes
  if (one !== undefined && length <= 0xff) return byte(one) + unsigned(length, 1)
  return length <= 0xffff ? byte(two) + unsigned(length, 2) : byte(four) + unsigned(length, 4)
}

function packedNumber(value: number): string {
  if (!Number.isInteger(value) || value < -(2 ** 63) || value >= 2 ** 63) {
    view.setFloat32(0, value)
    if (view.getFloat32(0) === value) return `\xca${written(4)}`
    view.setFloat64(0, value)
    return `\xcb${written(8)}`
  }
  if (value >= 0) {
    if (value <= 0x7f) return byte(value)
    if (value <= 0xffffffff) return counted(value, [0xcc, 0xcd, 0xce])
    view.setBigUint64(0, BigInt(value))
    return `\xcf${written(8)}`
  }
  if (value >= -32) return byte(256 + value)
  if (value >= -0x80) return `\xd0${unsigned(256 + value, 1)}`
  if (value >= -0x8000) return `\xd1${unsigned(2 ** 16 + value, 2)}`
  if (value >= -0x80000000) return `\xd2${unsigned(2 ** 32 + value, 4)}`
  view.setBigInt64(0, BigInt(value))
  return `\xd3${written(8)}`
}

function packed(value: LuaValue, depth: number): string {
  if (typeof value === 'string')
    return (value.length < 32 ? byte(0xa0 | value.length) : counted(value.length, [0xd9, 0xda, 0xdb])) + value
  if (typeof value === 'number') return packedNumber(value)
  if (typeof value === 'boolean') return value ? '\xc3' : '\xc2'
  if (!(value instanceof LuaTable) || depth >= MOST_DEPTH) return '\xc0'
  const entries = [...value.entries()]
  const { length } = entries
  const places = entries.map(([key]) => (typeof key === 'number' && key > 0 && Number.isInteger(key) ? key : Infinity))
  if (Math.max(0, ...places) === length) {
    const items = entries.map((_, i) => packed(value.get(i + 1), depth + 1))
    return (length < 16 ? byte(0x90 | length) : counted(length, [undefined, 0xdc, 0xdd])) + items.join('')
  }
  const members = entries.map(([key, item]) => packed(key, depth + 1) + packed(item, depth + 1))
  return (length < 16 ? byte(0x80 | length) : counted(length, [undefined, 0xde, 0xdf])) + members.join('')
}

class Unpacking {
  readonly #bytes: Buffer
  #at = 0

  constructor(text: string) {
    this.#bytes = Buffer.from(text, 'latin1')
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length
  }

  #take(size: number): Buffer {
    if (this.#at + size > this.#bytes.length) fail('Missing bytes in input.')
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  #text(length: number): string {
    return this.#take(length).toString('latin1')
  }

  #items(length: number): LuaTable {
    const table = new LuaTable()
    for (let i = 1; i <= length; i++) table.set(i, this.value())
    return table
  }

  #members(length: number): LuaTable {
    const table = new LuaTable()
    for (let i = 0; i < length; i++) {
      const [key, value] = [this.value(), this.value()]
      if (key === undefined || Number.isNaN(key)) fail('Bad data format in input.')
      else table.set(key, value)
    }
    return table
  }

  value(): LuaValue {
    const code = this.#take(1).readUInt8()
    if (code <= 0x7f) return code
    if (code >= 0xe0) return code - 256
    if (code <= 0x8f) return this.#members(code & 15)
    if (code <= 0x9f) return this.#items(code & 15)
    if (code <= 0xbf) return this.#text(code & 31)
    return this.#long(code)
  }

  #long(code: number): LuaValue {
    const number = NUMBERS.get(code)
    if (number !== undefined) return number.read(this.#take(number.size))
    const counted = COUNTED.get(code)
    if (counted !== undefined) {
      const length = this.#take(counted.size).readUIntBE(0, counted.size)
      return counted.of === 'text'
        ? this.#text(length)
        : counted.of === 'items'
          ? this.#items(length)
          : this.#members(length)
    }
    if (code === 0xc0) return undefined
    return code === 0xc2 || code === 0xc3 ? code === 0xc3 : fail('Bad data format in input.')
  }
}

interface Reading {
  readonly size: number
  read(bytes: Buffer): number
}

/** For each MessagePack code of a number: the size of the number in bytes, and a function that reads it. */
const NUMBERS: ReadonlyMap<number, Reading> = new Map<number, Reading>([
  [0xca, { size: 4, read: (bytes) => bytes.readFloatBE() }],
  [0xcb, { size: 8, read: (bytes) => bytes.readDoubleBE() }],
  ...[1, 2, 4].map((size, i) => [0xcc + i, { size, read: (bytes: Buffer) => bytes.readUIntBE(0, size) }] as const),
  [0xcf, { size: 8, read: (bytes) => Number(bytes.readBigUInt64BE()) }],
  ...[1, 2, 4].map((size, i) => [0xd0 + i, { size, read: (bytes: Buffer) => bytes.readIntBE(0, size) }] as const),
  [0xd3, { size: 8, read: (bytes) => Number(bytes.readBigInt64BE()) }],
])

interface Counted {
  readonly of: 'text' | 'items' | 'members'
  readonly size: number
}

/** For each MessagePack code with a length: the kind of content, and the number of bytes of the length. */
const COUNTED: ReadonlyMap<number, Counted> = new Map<number, Counted>([
  ...[1, 2, 4].flatMap((size, i) => [0xc4, 0xd9].map((first) => [first + i, { of: 'text', size }] as const)),
  ...[2, 4].map((size, i) => [0xdc + i, { of: 'items', size }] as const),
  ...[2, 4].map((size, i) => [0xde + i, { of: 'members', size }] as const),
])

function unpacked(text: string): readonly LuaValue[] {
  const unpacking = new Unpacking(text)
  const values: LuaValue[] = []
  while (!unpacking.isDone) values.push(unpacking.value())
  return values
}

export const messagePackLibrary: LuaTable = libraryTable(
  named(
    {
      pack: (args) => {
        if (args.values.length === 0) args.bad(-1, 'MessagePack pack needs input.')
        return args.values.map((value) => packed(value, 0)).join('')
      },
      unpack_one: () => refuse('cmsgpack.unpack_one'),
      unpack_limit: () => refuse('cmsgpack.unpack_limit'),
    },
    { unpack: (args) => unpacked(args.text(0)) },
  ),
)
