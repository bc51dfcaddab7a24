import { fail, refuse } from '../errors.ts'
import { numberText } from '../numbers.ts'
import { LuaTable } from '../table.ts'
import { JSON_NULL, type LuaValue, typeName } from '../values.ts'
import { libraryTable, named } from './arguments.ts'
import { parseJson } from './json-parser.ts'

const MOST_DEPTH = 1_000
/** Above this index, an array must be at least half full. */
const SPARSE_FROM = 10

function printed(value: LuaValue, depth: number): string {
  if (value === undefined || value === JSON_NULL) return 'null'
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) fail('Cannot serialise number: must not be NaN or Inf')
    return numberText(value)
  }
  if (!(value instanceof LuaTable)) return fail(`Cannot serialise ${typeName(value)}: type not supported`)
  if (depth >= MOST_DEPTH) fail(`Cannot serialise, excessive depth (${depth + 1})`)
  const length = arrayLength(value)
  if (length === undefined || length === 0) return printedObject(value, depth + 1)
  const items = Array.from({ length }, (_, i) => printed(value.get(i + 1), depth + 1))
  return `[${items.join(',')}]`
}

/** Returns the length of a table whose keys are all list indexes; undefined for other tables. */
function arrayLength(table: LuaTable): number | undefined {
  let [length, count] = [0, 0]
  for (const [key] of table.entries()) {
    if (typeof key !== 'number' || key < 1 || !Number.isInteger(key)) return undefined
    length = Math.max(length, key)
    count++
  }
  if (length > count * 2 && length > SPARSE_FROM) fail('Cannot serialise table: excessively sparse array')
  return length
}

function printedObject(table: LuaTable, depth: number): string {
  const members: string[] = []
  for (const [key, value] of table.entries()) {
    if (typeof key !== 'string' && typeof key !== 'number')
      return fail(`Cannot serialise ${typeName(key)}: table key must be a number or string`)
    members.push(`${typeof key === 'number' ? `"${numberText(key)}"` : quoted(key)}:${printed(value, depth)}`)
  }
  return `{${members.join(',')}}`
}

const SHORT: { readonly [character: string]: string } = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

const quoted = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are escaped.
  `"${text.replaceAll(/["\\/\0-\x1f\x7f]/g, (character) => SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`

const SETTINGS = [
  'encode_sparse_array',
  'encode_max_depth',
  'decode_max_depth',
  'encode_number_precision',
  'encode_keep_buffer',
  'encode_invalid_numbers',
  'decode_invalid_numbers',
  'decode_array_with_array_mt',
  'encode_empty_table_as_object',
  'new',
]

export const jsonLibrary: LuaTable = libraryTable(
  named({
    encode: (args) => {
      if (args.values.length !== 1) args.bad(0, 'expected 1 argument')
      return printed(args.values[0], 0)
    },
    decode: (args) => {
      if (args.values.length !== 1) args.bad(0, 'expected 1 argument')
      return parseJson(args.text(0))
    },
    ...Object.fromEntries(SETTINGS.map((name) => [name, () => refuse(`cjson.${name}`)])),
  }),
  { null: JSON_NULL, _NAME: 'cjson', _VERSION: '2.1.0' },
)
