import { SqlError } from '../sql/error.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const LINE = 76

/** Lines of 76 characters, as PostgreSQL's `encode` breaks them. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const left = bytes.length - i
    for (let j = 0; j < 4; j += 1) text += j <= left ? (ALPHABET[(group >> (18 - 6 * j)) & 63] ?? '') : '='
  }
  return text.replace(new RegExp(`.{${LINE}}`, 'g'), '$&\n').replace(/\n$/, text.length % LINE === 0 ? '\n' : '')
}

export function decodeBase64(text: string): Uint8Array {
  const clean = text.replace(/[ \t\n\r]/g, '')
  const body = clean.replace(/={1,2}$/, '')
  const bytes: number[] = []
  let group = 0
  let bits = 0
  for (const character of body) {
    const value = ALPHABET.indexOf(character)
    if (value < 0) {
      throw new SqlError('22023', `invalid symbol "${character}" found while decoding base64 sequence`)
    }
    group = (group << 6) | value
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes.push((group >> bits) & 255)
    }
  }
  if (clean.length % 4 !== 0) {
    throw new SqlError('22023', 'invalid base64 end sequence', {
      hint: 'Input data is missing padding, is truncated, or is otherwise corrupted.',
    })
  }
  return Uint8Array.from(bytes)
}
