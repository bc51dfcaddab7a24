import { SqlError } from '../sql/error.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { formatType } from './format-type.ts'
import type { TextContext, TypeDefinition } from './registry.ts'
import { SqlArray, type SqlValue } from './value.ts'

const MAX_DIMENSIONS = 6
/** The limit of PostgreSQL on the number of elements (MaxArraySize). */
const MAX_ELEMENTS = 268_435_455
const MAX_INT4 = 2_147_483_647

export function formatArray(array: SqlArray, element: TypeDefinition, context: TextContext): string {
  const { dimensions, lowerBounds, elements } = array
  if (elements.length === 0) return '{}'
  const bounds = lowerBounds.some((bound) => bound !== 1)
    ? `${dimensions.map((size, i) => `[${lowerBounds[i]}:${(lowerBounds[i] ?? 1) + size - 1}]`).join('')}=`
    : ''
  const { delimiter } = element
  return (
    bounds +
    foldArray(
      array,
      (value) => (value === null ? 'NULL' : quoteElement(element.output(value, context), delimiter)),
      (parts) => `{${parts.join(delimiter)}}`,
    )
  )
}

/**
 * Folds an array. `ofElement` computes the result of an element. `ofParts` computes the result of a dimension from the
 * results of its parts.
 */
export function foldArray<T>(
  { dimensions, elements }: SqlArray,
  ofElement: (value: SqlValue) => T,
  ofParts: (parts: readonly T[]) => T,
): T {
  let next = 0
  const level = (depth: number): T => {
    const parts: T[] = []
    for (let i = 0; i < (dimensions[depth] ?? 0); i += 1)
      parts.push(depth < dimensions.length - 1 ? level(depth + 1) : ofElement(elements[next++] ?? null))
    return ofParts(parts)
  }
  return level(0)
}

/** Returns an array of the same shape with other elements. Nulls stay null. */
export const mapElements = (
  { elements, dimensions, lowerBounds, elementOid }: SqlArray,
  map: (element: SqlValue) => SqlValue,
  oid: number = elementOid,
): SqlArray =>
  new SqlArray(
    oid,
    elements.map((element) => (element === null ? null : map(element))),
    dimensions,
    lowerBounds,
  )

function quoteElement(text: string, delimiter: string): string {
  if (text !== '' && !/[{}"\\\s]/.test(text) && !text.includes(delimiter) && !/^null$/i.test(text)) return text
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

type Nested = string | null | readonly Nested[]

export function parseArray(text: string, element: TypeDefinition, context: TextContext, typmod: number): SqlArray {
  const reader = new ArrayReader(text, element.delimiter)
  const { nested, lowerBounds, declared } = reader.document()
  const dimensions: number[] = []
  for (let level: Nested = nested; Array.isArray(level); level = level[0] ?? '') dimensions.push(level.length)
  if (dimensions.length > MAX_DIMENSIONS) {
    throw new SqlError('54000', `number of array dimensions exceeds the maximum allowed (${MAX_DIMENSIONS})`)
  }
  const elements: SqlValue[] = []
  const collect = (value: Nested, depth: number): void => {
    if (Array.isArray(value)) {
      if (depth >= dimensions.length || value.length !== dimensions[depth]) throw reader.ragged()
      for (const part of value) collect(part as Nested, depth + 1)
      return
    }
    if (depth !== dimensions.length) throw reader.ragged()
    elements.push(typeof value === 'string' ? element.input(value, context, typmod) : null)
  }
  collect(nested, 0)
  if (declared !== undefined && declared.join() !== dimensions.join())
    throw reader.malformed('Specified array dimensions do not match array contents.')
  if (elements.length === 0) return new SqlArray(element.oid, [])
  return new SqlArray(element.oid, elements, dimensions, declared && lowerBounds)
}

class ArrayReader {
  readonly #text: string
  readonly #delimiter: string
  #at = 0

  constructor(text: string, delimiter: string) {
    this.#text = text
    this.#delimiter = delimiter
  }

  malformed(detail: string): SqlError {
    return new SqlError('22P02', `malformed array literal: "${this.#text}"`, { detail })
  }

  ragged(): SqlError {
    return this.malformed('Multidimensional arrays must have sub-arrays with matching dimensions.')
  }

  document(): { nested: readonly Nested[]; lowerBounds: readonly number[]; declared: readonly number[] | undefined } {
    const bounds = /^\s*((?:\[[+-]?\d+(?::[+-]?\d+)?\])+)\s*=\s*/.exec(this.#text)
    const lowerBounds: number[] = []
    const declared: number[] = []
    if (bounds) {
      this.#at = bounds[0].length
      for (const part of bounds[1]?.matchAll(/\[([+-]?\d+)(?::([+-]?\d+))?\]/g) ?? []) {
        const lower = part[2] === undefined ? 1 : Number(part[1])
        const upper = Number(part[2] ?? part[1])
        if (upper < lower) throw new SqlError('2202E', 'upper bound cannot be less than lower bound')
        lowerBounds.push(lower)
        declared.push(upper - lower + 1)
      }
    }
    this.#space()
    if (this.#text[this.#at] !== '{') {
      throw this.malformed(
        bounds ? 'Array contents must start with "{".' : 'Array value must start with "{" or dimension information.',
      )
    }
    const nested = this.#level()
    this.#space()
    if (this.#at < this.#text.length) throw this.malformed('Junk after closing right brace.')
    return { nested, lowerBounds, declared: bounds ? declared : undefined }
  }

  #space(): void {
    while (/[ \t\n\r\v\f]/.test(this.#text[this.#at] ?? '')) this.#at += 1
  }

  #level(): readonly Nested[] {
    this.#at += 1
    const parts: Nested[] = []
    this.#space()
    if (this.#text[this.#at] === '}') {
      this.#at += 1
      return parts
    }
    for (;;) {
      this.#space()
      const part = this.#text[this.#at] === '{' ? this.#level() : this.#element()
      parts.push(part)
      this.#space()
      const next = this.#text[this.#at]
      this.#at += 1
      if (next === '}') return parts
      if (next === this.#delimiter) continue
      if (next === undefined) throw this.malformed('Unexpected end of input.')
      if (!Array.isArray(part)) throw this.malformed('Incorrectly quoted array element.')
      throw this.malformed(next === '{' ? 'Unexpected "{" character.' : 'Unexpected array element.')
    }
  }

  #element(): string | null {
    if (this.#text[this.#at] === '"') return this.#quoted()
    let value = ''
    let significant = 0
    let escaped = false
    for (; ; this.#at += 1) {
      const character = this.#text[this.#at]
      if (character === undefined) throw this.malformed('Unexpected end of input.')
      if (character === '"') throw this.malformed('Incorrectly quoted array element.')
      if (character === '{') throw this.malformed('Unexpected "{" character.')
      if (character === '}' || character === this.#delimiter) break
      if (character === '\\') {
        this.#at += 1
        value += this.#text[this.#at] ?? ''
        escaped = true
        significant = value.length
      } else {
        value += character
        if (!/[ \t\n\r\v\f]/.test(character)) significant = value.length
      }
    }
    const text = value.slice(0, significant)
    if (text === '') throw this.malformed(`Unexpected "${this.#text[this.#at]}" character.`)
    return !escaped && /^null$/i.test(text) ? null : text
  }

  #quoted(): string {
    let value = ''
    for (this.#at += 1; ; this.#at += 1) {
      const character = this.#text[this.#at]
      if (character === undefined) throw this.malformed('Unexpected end of input.')
      if (character === '"') break
      if (character === '\\') this.#at += 1
      value += this.#text[this.#at] ?? ''
    }
    this.#at += 1
    return value
  }
}

export function sendArray(array: SqlArray, element: TypeDefinition, context: TextContext): Uint8Array {
  const writer = new ByteWriter()
  writer.int32(array.dimensions.length)
  writer.int32(array.elements.some((value) => value === null) ? 1 : 0)
  writer.int32(element.oid)
  array.dimensions.forEach((size, i) => {
    writer.int32(size)
    writer.int32(array.lowerBounds[i] ?? 1)
  })
  for (const value of array.elements) writer.sized(value === null ? null : element.send(value, context))
  return writer.bytes()
}

export function receiveArray(
  bytes: Uint8Array,
  element: TypeDefinition,
  context: TextContext,
  typmod: number,
): SqlArray {
  const reader = new ByteReader(bytes)
  const count = reader.int32()
  if (count < 0) throw new SqlError('22P03', `invalid number of dimensions: ${count}`)
  if (count > MAX_DIMENSIONS)
    throw new SqlError('54000', `number of array dimensions (${count}) exceeds the maximum allowed (${MAX_DIMENSIONS})`)
  const flags = reader.int32()
  if (flags !== 0 && flags !== 1) throw new SqlError('22P03', 'invalid array flags')
  checkElementType(reader.uint32(), element, context)
  const dimensions: number[] = []
  const lowerBounds: number[] = []
  for (let i = 0; i < count; i += 1) {
    dimensions.push(reader.int32())
    lowerBounds.push(reader.int32())
  }
  checkBounds(dimensions, lowerBounds)
  const total = count === 0 ? 0 : dimensions.reduce((a, b) => a * b, 1)
  const elements: SqlValue[] = []
  for (let i = 0; i < total; i += 1) {
    const part = reader.sized()
    elements.push(part === null ? null : element.receive(part, context, typmod))
  }
  reader.end()
  return total === 0 ? new SqlArray(element.oid, []) : new SqlArray(element.oid, elements, dimensions, lowerBounds)
}

function checkElementType(oid: number, expected: TypeDefinition, { types }: TextContext): void {
  if (oid === expected.oid) return
  const named = (each: number): string => `${each} (${formatType(types, each)})`
  throw new SqlError(
    '42804',
    `binary data has array element type ${named(oid)} instead of expected ${named(expected.oid)}`,
  )
}

/** Limits the number of elements (ArrayGetNItems) and the upper bounds (ArrayCheckBounds). */
function checkBounds(dimensions: readonly number[], lowerBounds: readonly number[]): void {
  let total = 1
  for (const size of dimensions) {
    total *= size
    if (size < 0 || total > MAX_ELEMENTS)
      throw new SqlError('54000', `array size exceeds the maximum allowed (${MAX_ELEMENTS})`)
  }
  for (const [i, size] of dimensions.entries()) {
    const lower = lowerBounds[i] ?? 1
    if (lower + size > MAX_INT4) throw new SqlError('54000', `array lower bound is too large: ${lower}`)
  }
}

/** Compares arrays by their elements, then by their dimensions. */
export function compareArrays(a: SqlArray, b: SqlArray, compare: (x: SqlValue, y: SqlValue) => number): number {
  const length = Math.min(a.elements.length, b.elements.length)
  for (let i = 0; i < length; i += 1) {
    const difference = compareNullable(a.elements[i] ?? null, b.elements[i] ?? null, compare)
    if (difference !== 0) return difference
  }
  if (a.elements.length !== b.elements.length) return a.elements.length - b.elements.length
  if (a.dimensions.length !== b.dimensions.length) return a.dimensions.length - b.dimensions.length
  for (const key of ['dimensions', 'lowerBounds'] as const) {
    for (let i = 0; i < a.dimensions.length; i += 1) {
      const difference = (a[key][i] ?? 0) - (b[key][i] ?? 0)
      if (difference !== 0) return difference
    }
  }
  return 0
}

/** Compares values. Null is the greatest. */
export function compareNullable(a: SqlValue, b: SqlValue, compare: (x: SqlValue, y: SqlValue) => number): number {
  if (a === null) return b === null ? 0 : 1
  return b === null ? -1 : compare(a, b)
}
