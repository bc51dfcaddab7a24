import { SqlError } from '../sql/error.ts'
import { characterCount, characters, decodeUtf8, encodeUtf8, firstBytes } from './utf8.ts'

export function parseBoolean(text: string): boolean {
  const word = text.trim().toLowerCase()
  if (word !== '') {
    if ('true'.startsWith(word) || 'yes'.startsWith(word) || word === 'on' || word === '1') return true
    if (
      'false'.startsWith(word) ||
      'no'.startsWith(word) ||
      (word.length > 1 && 'off'.startsWith(word)) ||
      word === '0'
    ) {
      return false
    }
  }
  throw new SqlError('22P02', `invalid input syntax for type boolean: "${text}"`)
}

/** Removes white space, as C defines it, from both ends of a text. */
export const withoutSpace = (text: string): string => text.replace(/^[ \t\n\r\v\f]+|[ \t\n\r\v\f]+$/g, '')

const UUID = /^([\da-f]{4}-?){7}[\da-f]{4}$/

export function parseUuid(text: string): string {
  const lower = text.toLowerCase()
  const body = lower.startsWith('{') && lower.endsWith('}') ? lower.slice(1, -1) : lower
  if (!UUID.test(body)) throw new SqlError('22P02', `invalid input syntax for type uuid: "${text}"`)
  return formatUuid(body.replaceAll('-', ''))
}

export function formatUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export function hexOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

export function bytesOfHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

export function parseBytea(text: string): Uint8Array {
  if (!text.startsWith('\\x')) return parseEscapedBytea(text)
  return decodeHex(text.slice(2))
}

/** Parses hexadecimal digits, with white space between them. */
export function decodeHex(text: string): Uint8Array {
  const hex = text.replace(/[ \t\n\r]/g, '')
  const wrong = /[^\da-fA-F]/u.exec(hex)
  if (wrong) throw new SqlError('22023', `invalid hexadecimal digit: "${wrong[0]}"`)
  if (hex.length % 2 !== 0) throw new SqlError('22023', 'invalid hexadecimal data: odd number of digits')
  return bytesOfHex(hex)
}

function parseEscapedBytea(text: string): Uint8Array {
  const bytes: number[] = []
  const source = encodeUtf8(text)
  for (let i = 0; i < source.length; i += 1) {
    if (source[i] !== 0x5c) {
      bytes.push(source[i] ?? 0)
    } else if (source[i + 1] === 0x5c) {
      bytes.push(0x5c)
      i += 1
    } else {
      const octal = /^[0-3][0-7]{2}/.exec(decodeUtf8(source.subarray(i + 1, i + 4)))
      if (!octal) throw new SqlError('22P02', 'invalid input syntax for type bytea')
      bytes.push(Number.parseInt(octal[0], 8))
      i += 3
    }
  }
  return Uint8Array.from(bytes)
}

export function formatBytea(bytes: Uint8Array): string {
  return `\\x${hexOf(bytes)}`
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

export function lengthOfTypmod(typmod: number): number {
  return typmod < 4 ? -1 : typmod - 4
}

export function fitVarchar(text: string, typmod: number, explicit: boolean): string {
  const length = lengthOfTypmod(typmod)
  if (length < 0 || text.length <= length) return text
  return truncated(text, length, 'character varying', explicit)
}

export function fitBpchar(text: string, typmod: number, explicit: boolean): string {
  const length = lengthOfTypmod(typmod)
  if (length < 0) return text
  const count = characterCount(text)
  if (count <= length) return text + ' '.repeat(length - count)
  return truncated(text, length, 'character', explicit)
}

/** Truncates to `length` characters. Throws 22001 if an implicit cast would remove a character that is not a blank. */
function truncated(text: string, length: number, type: string, explicit: boolean): string {
  const all = characters(text)
  if (!explicit && all.slice(length).some((character) => character !== ' ')) {
    throw new SqlError('22001', `value too long for type ${type}(${length})`)
  }
  return all.slice(0, length).join('')
}

export function withoutTrailingBlanks(text: string): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === 0x20) end -= 1
  return text.slice(0, end)
}

export const MAX_NAME_BYTES = 63

/** Truncates a name to 63 bytes. */
export function fitName(text: string): string {
  return firstBytes(text, MAX_NAME_BYTES)
}

/** Character by character. */
export function mapCharacters(text: string, map: (character: string) => string): string {
  let result = ''
  for (const character of text) {
    const mapped = map(character)
    // PostgreSQL maps a character only to a single character, so 'ß' has no upper case.
    result += characterCount(mapped) === 1 ? mapped : character
  }
  return result
}

export function lowerText(text: string): string {
  return mapCharacters(text, (character) => character.toLowerCase())
}
