import { type Json, usageError } from '@chaosproxy/history'
import type { Framing } from '../framing/framing.ts'
import { createLengthPrefixScanner } from '../framing/length-prefix-scanner.ts'
import { MalformedMessage } from '../framing/malformed-message.ts'
import { readFirst } from './answers.ts'
import { COMMAND, HEADER_BYTES, PROTOCOL_VERSION } from './layout.ts'
import { plainStarts } from './login.ts'
import { packetIn, packetOf } from './packet.ts'
import { queryCommand, readCommand } from './requests.ts'
import { statements } from './statements.ts'

export const mysql: Framing = {
  name: 'mysql',
  // The length field does not count the sequence number after it.
  scanner: () => createLengthPrefixScanner({ lengthFieldLength: 3, byteOrder: 'little', lengthAdjustment: 1 }),
  read(message) {
    try {
      return jsonOf(message)
    } catch (error) {
      if (error instanceof MalformedMessage) return undefined
      throw error
    }
  },
  write(value, direction) {
    if (direction === 'requests' && typeof value === 'string')
      return packetOf({ sequence: 0, payload: queryCommand(value) })
    throw usageError('a MySQL message must be a request, given as its SQL: "UPDATE kv SET value = 1"')
  },
  isHandshake,
  plainly: plainStarts,
  statements,
}

/** The first bytes of replies to a login: OK, more data, another method, an error. */
const LOGIN_ANSWERS: ReadonlySet<number | undefined> = new Set([0, 1, 0xfe, 0xff])

/**
 * Whether a message is the greeting, the login, or the first reply to it. Commands have the sequence number 0, and
 * their replies begin with 1.
 */
function isHandshake(message: Buffer): boolean {
  const [sequence, payload] = [message[HEADER_BYTES - 1], message.subarray(HEADER_BYTES)]
  const isGreeting = sequence === 0 && payload[0] === PROTOCOL_VERSION && payload.length > 1
  const isLogin = sequence === 1 && payload.length >= 32 && payload.subarray(9, 28).every((byte) => byte === 0)
  return isGreeting || isLogin || (sequence === 2 && LOGIN_ANSWERS.has(payload[0]))
}

/** Returns the contents of a packet that can be read without the connection's other packets, as JSON. */
function jsonOf(message: Buffer): Json {
  const { sequence, payload } = packetIn(message)
  if (sequence === 0 && payload[0] === COMMAND.query) {
    const command = readCommand(payload)
    return { kind: command.kind, ...('sql' in command ? { sql: command.sql ?? null } : {}) }
  }
  if (sequence === 0) return { kind: payload[0] === PROTOCOL_VERSION ? 'greeting' : readCommand(payload).kind }
  if (payload[0] === 0xff) {
    const first = readFirst(payload)
    return first.kind === 'error' ? { kind: 'error', code: first.error.code, message: first.error.message } : null
  }
  return { sequence, text: payload.toString('utf8') }
}
