import type { Starts, Unbinding } from '../framing/encryption.ts'
import { MalformedMessage } from '../framing/malformed-message.ts'
import { CAPABILITY, HEADER_BYTES, PROTOCOL_VERSION, UNREADABLE } from './layout.ts'
import { PacketCursor } from './packet-cursor.ts'

// The start of a connection: the server's greeting and the client's login.

/** The bytes between the server's version and the capabilities: thread id, scramble, zero byte. */
const UNTIL_CAPABILITIES = 4 + 8 + 1
/**
 * The bytes from the lower half of the capabilities to the upper half: the lower half itself, the character set and the
 * status.
 */
const UNTIL_UPPER = 2 + 1 + 2
/**
 * The offset from the upper half of the capabilities to MariaDB's own capabilities: the upper half has 2 bytes, the
 * length of the scramble has 1, and 6 bytes are reserved.
 */
const UNTIL_EXTENDED = 2 + 1 + 6
const EXTENDED_BYTES = 4

/** Returns the offset of the capabilities, if the payload is a greeting. */
function capabilitiesAt(payload: Buffer): number | undefined {
  const end = payload[0] === PROTOCOL_VERSION ? payload.indexOf(0, 1) : -1
  const at = end + 1 + UNTIL_CAPABILITIES
  const isWhole = end > 1 && payload.length >= at + UNTIL_UPPER + UNTIL_EXTENDED + EXTENDED_BYTES
  return isWhole ? at : undefined
}

export interface Greeting {
  /** `5.5.5-10.11.6-MariaDB` */
  readonly version: string
  readonly status: number
  /** The 20 bytes from which the proof of a password is computed. */
  readonly scramble: Buffer
}

/** @throws MalformedMessage for anything but a greeting of protocol 10. */
export function readGreeting(payload: Buffer): Greeting {
  const at = capabilitiesAt(payload)
  if (at === undefined) throw new MalformedMessage('the server does not begin with a greeting of protocol 10')
  const afterCapabilities = at + UNTIL_UPPER + UNTIL_EXTENDED + EXTENDED_BYTES
  return {
    version: payload.toString('utf8', 1, payload.indexOf(0, 1)),
    status: payload.readUInt16LE(at + 3),
    scramble: Buffer.concat([
      payload.subarray(at - 9, at - 1),
      payload.subarray(afterCapabilities, afterCapabilities + 12),
    ]),
  }
}

/**
 * Rewrites the greeting and the login. Removes the capabilities that would encrypt or compress the connection, or
 * change its messages. The login is rewritten, too, because some clients choose capabilities that were not offered.
 */
export const plainStarts = (): Starts => ({ responses: rewriting(plainGreeting), requests: rewriting(plainLogin) })

/** Rewrites the first packet once it has arrived completely. */
function rewriting(plain: (payload: Buffer) => Buffer): Unbinding {
  let kept: Buffer = Buffer.alloc(0)
  let isOver = false
  return {
    get isOver() {
      return isOver
    },
    rewritten(bytes) {
      if (isOver) return bytes
      kept = Buffer.concat([kept, bytes])
      const sizeBytes = kept.length < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + kept.readUIntLE(0, 3)
      if (kept.length < sizeBytes && sizeBytes <= LONGEST_START_BYTES) return Buffer.alloc(0)
      isOver = true
      if (kept.length < sizeBytes) return kept
      const payload = plain(Buffer.from(kept.subarray(HEADER_BYTES, sizeBytes)))
      return Buffer.concat([kept.subarray(0, HEADER_BYTES), payload, kept.subarray(sizeBytes)])
    },
  }
}

/**
 * The maximum size of a greeting or a login, which attributes and proofs may make long. A longer packet belongs to
 * another protocol.
 */
const LONGEST_START_BYTES = 100_000

function plainGreeting(payload: Buffer): Buffer {
  const at = capabilitiesAt(payload)
  if (at === undefined) return payload
  const upper = at + UNTIL_UPPER
  payload.writeUInt16LE(payload.readUInt16LE(at) & ~UNREADABLE & 0xffff, at)
  payload.writeUInt16LE(payload.readUInt16LE(upper) & ~(UNREADABLE >>> 16) & 0xffff, upper)
  return payload.fill(0, upper + UNTIL_EXTENDED, upper + UNTIL_EXTENDED + EXTENDED_BYTES)
}

/** Rewrites a login. A request for TLS, which was not offered, stays unchanged. */
function plainLogin(payload: Buffer): Buffer {
  if (payload.length <= FIXED_LOGIN_BYTES) return payload
  payload.writeUIntLE((payload.readUInt32LE(0) & ~UNREADABLE) >>> 0, 0, 4)
  return payload.fill(0, FIXED_LOGIN_BYTES - EXTENDED_BYTES, FIXED_LOGIN_BYTES)
}

/** The capabilities that a client chose, and its attributes. */
export interface Login {
  readonly capabilities: number
  /** The default database, for table names that do not name a database; empty if the client chose none. */
  readonly database: string
  /** Attributes such as `program_name`. */
  readonly attributes: ReadonlyMap<string, string>
}

const FIXED_LOGIN_BYTES = 32

/** Reads a client's reply to the greeting; `tls` if it requests TLS. @throws MalformedMessage */
export function readLogin(payload: Buffer): Login | 'tls' {
  const cursor = new PacketCursor('a login', payload, 0)
  const capabilities = cursor.integer(4)
  if ((capabilities & CAPABILITY.protocol41) === 0) throw cursor.error('a client older than MySQL 4.1 is not read')
  if (payload.length === FIXED_LOGIN_BYTES && (capabilities & CAPABILITY.ssl) !== 0) return 'tls'
  const has = (bit: number): boolean => (capabilities & bit) !== 0
  cursor.bytes(FIXED_LOGIN_BYTES - 4)
  cursor.untilZero()
  if (has(CAPABILITY.lengthEncodedAuth)) cursor.value()
  else if (has(CAPABILITY.secureConnection)) cursor.bytes(cursor.integer(1))
  else cursor.untilZero()
  const database = has(CAPABILITY.withDatabase) && !cursor.isAtEnd ? cursor.untilZero().toString('utf8') : ''
  if (has(CAPABILITY.pluginAuth) && !cursor.isAtEnd) cursor.untilZero()
  const attributes = new Map<string, string>()
  if (!has(CAPABILITY.connectAttributes) || cursor.isAtEnd) return { capabilities, database, attributes }
  const listed = new PacketCursor('the attributes of a login', cursor.value() ?? Buffer.alloc(0), 0)
  while (!listed.isAtEnd) attributes.set(textIn(listed), textIn(listed))
  return { capabilities, database, attributes }
}

const textIn = (cursor: PacketCursor): string => (cursor.value() ?? Buffer.alloc(0)).toString('utf8')
