import type { Encryption, Starts, Unbinding } from '../framing/encryption.ts'
import { MalformedMessage } from '../framing/malformed-message.ts'
import { readBackend, writeBackend } from './backend.ts'
import { writeFrontend } from './frontend.ts'
import { GSSENC_REQUEST, LONGEST_STARTUP_BYTES, SSL_REQUEST } from './layout.ts'

const REQUEST_BYTES = 8
/** The start of a TLS handshake, with which newer clients may begin (`sslnegotiation=direct`). */
const HANDSHAKE = 0x16

/** Encryption by SSLRequest or GSSENCRequest, each with a reply of one byte. */
export const encryption: Encryption = {
  begins(bytes) {
    if (bytes[0] === HANDSHAKE) return { kind: 'hello', sizeBytes: 0 }
    if (bytes.length < REQUEST_BYTES) return bytes.length === 0 || bytes[0] === 0 ? undefined : NOTHING
    if (bytes.readUInt32BE(0) !== REQUEST_BYTES) return NOTHING
    const code = bytes.readUInt32BE(4)
    if (code === SSL_REQUEST) return { kind: 'tls', sizeBytes: REQUEST_BYTES }
    return code === GSSENC_REQUEST ? { kind: 'other', sizeBytes: REQUEST_BYTES } : NOTHING
  },
  request: writeFrontend({ kind: 'ssl-request' }),
  accepted: Buffer.from('S'),
  declined: Buffer.from('N'),
  protocol: 'postgresql',
  unbinding(bound): Starts {
    const responses = createUnbinding()
    return { responses, requests: watchLogin(() => responses.hasRemoved, bound) }
  },
}

const NOTHING = { kind: 'nothing', sizeBytes: 0 } as const

/** AuthenticationSASL, which lists the server's mechanisms. */
const SASL = 10
const AUTHENTICATION = 'R'.charCodeAt(0)
const HEADER_BYTES = 5

/**
 * Passes on a login. Calls `bound` if `createUnbinding` has removed the server's offer of channel binding, and the
 * client says in its login that it would have used an offer (`y`; RFC 5802 §6). The server refuses such a login.
 */
function watchLogin(hasRemoved: () => boolean, bound: () => void): Unbinding {
  let isOver = false
  let seenBytes = 0
  return {
    get isOver() {
      return isOver
    },
    rewritten(bytes) {
      seenBytes += bytes.length
      const at = bytes.indexOf(FIRST_STEP)
      const isBound = at >= 0 && bytes[at + FIRST_STEP.length + LENGTH_BYTES] === WOULD_BIND
      if (isBound && hasRemoved()) bound()
      isOver = at >= 0 || seenBytes > LONGEST_STARTUP_BYTES
      return bytes
    },
  }
}

/** How the content of SASLInitialResponse begins: with the mechanism. The length of SCRAM's first message follows. */
const FIRST_STEP = Buffer.from('SCRAM-SHA-256\0')
const LENGTH_BYTES = 4
const WOULD_BIND = 'y'.charCodeAt(0)

/** Removes mechanisms ending in -PLUS, which bind a password to the certificate of the server's TLS. */
function createUnbinding(): Unbinding & { readonly hasRemoved: boolean } {
  let hasRemoved = false
  let kept: Buffer = Buffer.alloc(0)
  let isOver = false
  return {
    get hasRemoved() {
      return hasRemoved
    },
    get isOver() {
      return isOver
    },
    rewritten(bytes) {
      if (isOver) return bytes
      kept = Buffer.concat([kept, bytes])
      const sizeBytes = kept.length < HEADER_BYTES ? HEADER_BYTES : 1 + kept.readUInt32BE(1)
      const begins = kept[0] === AUTHENTICATION
      if (begins && kept.length < sizeBytes && sizeBytes <= LONGEST_STARTUP_BYTES) return Buffer.alloc(0)
      isOver = true
      const first = begins ? unbound(kept.subarray(0, sizeBytes)) : undefined
      hasRemoved = first !== undefined && first.length < sizeBytes
      return first === undefined ? kept : Buffer.concat([first, kept.subarray(sizeBytes)])
    },
  }
}

/**
 * Returns the server's list of SASL mechanisms, without those that bind the password to the server's TLS certificate.
 * Undefined for other messages, and if no mechanism would be left.
 */
function unbound(frame: Buffer): Buffer | undefined {
  try {
    const message = readBackend(frame)
    if (message.kind !== 'authentication' || message.method !== SASL) return undefined
    const offered = message.bytes
      .toString('latin1')
      .split('\0')
      .filter((mechanism) => mechanism !== '')
    const left = offered.filter((mechanism) => !mechanism.endsWith('-PLUS'))
    // If every mechanism ends in -PLUS, none is removed: the message stays unchanged, and the client decides what to
    // do.
    if (left.length === 0) return undefined
    return writeBackend({ ...message, bytes: Buffer.from(`${left.join('\0')}\0\0`, 'latin1') })
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined
    throw error
  }
}
