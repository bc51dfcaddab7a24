/** Bytes with a meaning in HTTP/1.1 (RFC 9110 §5, RFC 9112 §2–5). */
export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
export const COLON = 0x3a
export const SEMICOLON = 0x3b

const TCHAR = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/

const table = (belongs: (byte: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (belongs(byte) ? 1 : 0))

/** `tchar`: the characters of methods and field names. */
export const TOKEN: Uint8Array = table((byte) => TCHAR.test(String.fromCharCode(byte)))
/** The characters of field values and other texts: no control character except the tab. */
export const TEXT: Uint8Array = table((byte) => byte === TAB || (byte >= SPACE && byte !== 0x7f))
/** Includes raw UTF-8, which clients send and servers accept. */
export const TARGET: Uint8Array = table((byte) => byte > SPACE && byte !== 0x7f)

/** The value of a hexadecimal digit, or -1. */
export const HEX: Int8Array = Int8Array.from({ length: 256 }, (_, byte) =>
  /[0-9A-Fa-f]/.test(String.fromCharCode(byte)) ? Number.parseInt(String.fromCharCode(byte), 16) : -1,
)

export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

const VERSION = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e]

/** `HTTP/1.1` or `HTTP/1.0`. */
export function isHttpVersion(bytes: Buffer, start: number): boolean {
  for (let i = 0; i < VERSION.length; i++) if (bytes[start + i] !== VERSION[i]) return false
  const minor = bytes[start + VERSION.length]
  return minor === 0x31 || minor === 0x30
}

export function mayBeHttpVersion(bytes: Buffer): boolean {
  for (let i = 0; i < VERSION.length && i < bytes.length; i++) if (bytes[i] !== VERSION[i]) return false
  return true
}

export const endsLine = (bytes: Buffer, at: number): boolean => bytes[at] === CR && bytes[at + 1] === LF

/** Compares bytes[start, end) with a lower-case name, ignoring case. */
export function isName(bytes: Buffer, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i] ?? 0
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    if (lower !== name.charCodeAt(i)) return false
  }
  return true
}

/** The maximum size of a head or of trailers. Servers' limits are 8 to 64 KiB. */
export const MAXIMUM_HEAD_BYTES: number = 64 * 1024

/** The reasons for which a parser stops. */
export const STEP: {
  readonly more: 0
  readonly head: 1
  readonly data: 2
  readonly end: 3
  readonly malformed: 4
} = {
  /** More bytes are needed. */
  more: 0,
  /** The parser stops after the head of a message: its first line and its header fields. */
  head: 1,
  /** The parser stops after a part of a body. More of the body may follow. */
  data: 2,
  /** The parser stops after the message's last byte. */
  end: 3,
  /** The bytes are not HTTP/1.1, or have a form that programs interpret differently. */
  malformed: 4,
}

export type Step = (typeof STEP)[keyof typeof STEP]
