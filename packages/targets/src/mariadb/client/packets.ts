import { createHash } from 'node:crypto'

// The parts of MariaDB's client protocol that a text client needs:
// https://mariadb.com/kb/en/clientserver-protocol/. A packet is three bytes of length, one of sequence, and a payload.

/** Bits of capabilities, and of the server's status. */
const CAPABILITY = {
  foundRows: 1 << 1,
  longFlag: 1 << 2,
  database: 1 << 3,
  protocol41: 1 << 9,
  transactions: 1 << 13,
  secureConnection: 1 << 15,
  pluginAuth: 1 << 19,
} as const

const CAPABILITIES = Object.values(CAPABILITY).reduce((all, one) => all | one, 0)
const UTF8MB4_BIN = 46
const LONGEST_PACKET = 0xff_ff_ff
const HEADER = 4

export interface Packet {
  readonly sequence: number
  readonly payload: Buffer
}

/** Splits a server's bytes into packets. Packets of 16 MiB, which continue in the next, are refused. */
export function createPacketReader(): { read(chunk: Buffer): readonly Packet[] } {
  let rest: Buffer = Buffer.alloc(0)
  return {
    read(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const found: Packet[] = []
      while (rest.length >= HEADER) {
        const length = rest.readUIntLE(0, 3)
        if (length === LONGEST_PACKET) throw new Error('the server sent a packet of 16 MiB')
        if (rest.length < HEADER + length) break
        found.push({ sequence: rest.readUInt8(3), payload: rest.subarray(HEADER, HEADER + length) })
        rest = rest.subarray(HEADER + length)
      }
      return found
    },
  }
}

/** @throws RangeError for a payload of 16 MiB or more. */
export function packetOf(sequence: number, payload: Buffer): Buffer {
  if (payload.length >= LONGEST_PACKET) throw new RangeError(`a command of ${payload.length} bytes is too long`)
  const head = Buffer.alloc(HEADER)
  head.writeUIntLE(payload.length, 0, 3)
  head.writeUInt8(sequence & 0xff, 3)
  return Buffer.concat([head, payload])
}

/** The command COM_QUERY. */
export const queryPacket = (sql: string): Buffer => packetOf(0, Buffer.concat([Buffer.from([3]), Buffer.from(sql)]))

/** The command COM_QUIT. */
export const quitPacket = (): Buffer => packetOf(0, Buffer.from([1]))

/** What a server says first. */
export interface Greeting {
  readonly version: string
  readonly scramble: Buffer
}

/** @throws Error for a greeting of a protocol other than 10. */
export function readGreeting(payload: Buffer): Greeting {
  const protocol = payload.readUInt8(0)
  if (protocol !== 10) throw new Error(`the server speaks protocol ${protocol}, not 10`)
  const end = payload.indexOf(0, 1)
  // After the version: 4 bytes of thread, 8 of scramble, 1 filler, 2 capabilities, 1 character set, 2 status,
  // 2 capabilities, 1 length, 10 reserved, and the rest of the scramble.
  const first = payload.subarray(end + 5, end + 13)
  const second = payload.subarray(end + 32, end + 44)
  return { version: payload.toString('utf8', 1, end), scramble: Buffer.concat([first, second]) }
}

export const NATIVE_PASSWORD = 'mysql_native_password'

/** The proof of a password by `mysql_native_password`; empty for no password. */
export function nativePassword(password: string, scramble: Buffer): Buffer {
  if (password === '') return Buffer.alloc(0)
  const once = sha1(Buffer.from(password))
  const mask = sha1(Buffer.concat([scramble, sha1(once)]))
  return Buffer.from(once.map((byte, at) => byte ^ (mask[at] ?? 0)))
}

const sha1 = (bytes: Buffer): Buffer => createHash('sha1').update(bytes).digest()

export interface LoginPacket {
  readonly user: string
  readonly password: string
  readonly database: string
  readonly scramble: Buffer
}

/** The answer to the greeting. */
export function loginPacket({ user, password, database, scramble }: LoginPacket): Buffer {
  const fixed = Buffer.alloc(32)
  fixed.writeUInt32LE(CAPABILITIES, 0)
  fixed.writeUInt32LE(LONGEST_PACKET, 4)
  fixed.writeUInt8(UTF8MB4_BIN, 8)
  const proof = nativePassword(password, scramble)
  const named = [zeroEnded(user), Buffer.from([proof.length]), proof, zeroEnded(database), zeroEnded(NATIVE_PASSWORD)]
  return packetOf(1, Buffer.concat([fixed, ...named]))
}

const zeroEnded = (text: string): Buffer => Buffer.from(`${text}\0`)

/** A server's error. */
export interface ServerError {
  readonly code: number
  /** SQLSTATE; `HY000` for most of what MariaDB itself reports. */
  readonly state: string
  readonly message: string
}

/** For messages: `1213 Deadlock found when trying to get lock`. */
export const serverErrorText = ({ code, message }: ServerError): string => `${code} ${message}`

/** A packet of an answer. Which of them `other` is, a column or a row, depends on what came before. */
export type AnswerPacket =
  | { readonly kind: 'ok'; readonly affected: number }
  | { readonly kind: 'error'; readonly error: ServerError }
  | { readonly kind: 'end' }
  | { readonly kind: 'switch'; readonly plugin: string; readonly scramble: Buffer }
  | { readonly kind: 'other' }

/** @param isLogin 254 then begins a request for another way to log in, and otherwise an end of columns or rows. */
export function readAnswer(payload: Buffer, isLogin: boolean): AnswerPacket {
  switch (payload[0]) {
    case 0:
      // A row that begins with an empty text looks like it, and may end there.
      return { kind: 'ok', affected: payload.length > 1 ? (new Cursor(payload, 1).number() ?? 0) : 0 }
    case 0xff:
      return { kind: 'error', error: readError(payload) }
    case 0xfe: {
      if (!isLogin) return payload.length < 9 ? { kind: 'end' } : { kind: 'other' }
      const end = payload.indexOf(0, 1)
      return {
        kind: 'switch',
        plugin: payload.toString('utf8', 1, end === -1 ? payload.length : end),
        scramble: payload.subarray(end + 1, end + 21),
      }
    }
    default:
      return { kind: 'other' }
  }
}

function readError(payload: Buffer): ServerError {
  const code = payload.readUInt16LE(1)
  const hasState = payload[3] === 0x23
  return {
    code,
    state: hasState ? payload.toString('latin1', 4, 9) : 'HY000',
    message: payload.toString('utf8', hasState ? 9 : 3),
  }
}

/** The values of a row in the text protocol. */
export function readRow(payload: Buffer, columns: number): readonly (string | null)[] {
  const cursor = new Cursor(payload, 0)
  return Array.from({ length: columns }, () => cursor.text())
}

/** How many columns the rows will have. */
export const readColumnCount = (payload: Buffer): number => new Cursor(payload, 0).number() ?? 0

class Cursor {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** A length-encoded integer; null for the mark of NULL. */
  number(): number | null {
    const first = this.#bytes.readUInt8(this.#at)
    this.#at++
    if (first < 0xfb) return first
    if (first === 0xfb) return null
    const size = first === 0xfc ? 2 : first === 0xfd ? 3 : 6
    const value = this.#bytes.readUIntLE(this.#at, size)
    this.#at += first === 0xfe ? 8 : size
    return value
  }

  text(): string | null {
    const length = this.number()
    if (length === null) return null
    const text = this.#bytes.toString('utf8', this.#at, this.#at + length)
    this.#at += length
    return text
  }
}
