/** Bytes that mean something in HTTP/1.1 (RFC 9110 §5, RFC 9112 §2–5). */
export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
export const COLON = 0x3a
export const SEMICOLON = 0x3b

const TCHAR = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/

const table = (belongs: (byte: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (belongs(byte) ? 1 : 0))

/** `tchar`: what methods and field names are made of. */
export const TOKEN: Uint8Array = table((byte) => byte < 0x80 && TCHAR.test(String.fromCharCode(byte)))
/** What a field's value, a reason phrase and a chunk's extension may hold: no control characters but the tab. */
export const TEXT: Uint8Array = table((byte) => byte === TAB || (byte >= SPACE && byte !== 0x7f))
/** What a request target may hold. Clients send raw UTF-8 too, and servers take it. */
export const TARGET: Uint8Array = table((byte) => byte > SPACE && byte !== 0x7f)

/** The value of a hexadecimal digit; -1 for any other byte. */
export const HEX: Int8Array = Int8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x80 && /[0-9A-Fa-f]/.test(String.fromCharCode(byte)) ? Number.parseInt(String.fromCharCode(byte), 16) : -1,
)

export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

const VERSION = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e]

/** `HTTP/1.1` or `HTTP/1.0`. */
export function isHttpVersion(bytes: Buffer, start: number): boolean {
  for (let i = 0; i < VERSION.length; i++) if (bytes[start + i] !== VERSION[i]) return false
  const minor = bytes[start + VERSION.length]
  return minor === 0x31 || minor === 0x30
}

/** Whether these bytes may become a version, as far as they go. */
export function mayBeHttpVersion(bytes: Buffer): boolean {
  for (let i = 0; i < VERSION.length && i < bytes.length; i++) if (bytes[i] !== VERSION[i]) return false
  return true
}

export const endsLine = (bytes: Buffer, at: number): boolean => bytes[at] === CR && bytes[at + 1] === LF

/** Whether bytes[start, end) is this name, which is given in lower case, irrespective of theirs. */
export function isName(bytes: Buffer, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i] ?? 0
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    if (lower !== name.charCodeAt(i)) return false
  }
  return true
}

/** A head, or the trailers, may be as long as this; servers stop at 8 to 64 KiB. */
export const MAXIMUM_HEAD_BYTES: number = 64 * 1024

/** Where a parser stopped, and why. */
export const STEP: {
  readonly more: 0
  readonly head: 1
  readonly data: 2
  readonly end: 3
  readonly malformed: 4
} = {
  /** The bytes are used up, in the middle of something. */
  more: 0,
  /** After a head. */
  head: 1,
  /** After a piece of a body's content. */
  data: 2,
  /** After the message's last byte. */
  end: 3,
  /** This is no HTTP/1.1 that two programs are sure to understand in the same way. */
  malformed: 4,
}

export type Step = (typeof STEP)[keyof typeof STEP]
