import { createHash } from 'node:crypto'
import { readError, type ServerError } from './answers.ts'
import { CAPABILITY, LONGEST_PAYLOAD_BYTES } from './layout.ts'
import { readGreeting } from './login.ts'
import { type Packet, packetOf } from './packet.ts'
import { PacketCursor } from './packet-cursor.ts'

export interface Credentials {
  readonly user: string
  /** Empty for none. */
  readonly password: string
  readonly database: string
}

export type LoginStep =
  | { readonly type: 'send'; readonly bytes: Buffer }
  | { readonly type: 'done'; readonly version: string }
  | { readonly type: 'refused'; readonly why: string; readonly error?: ServerError }

/** The only authentication method of this client. */
const PLUGIN = 'mysql_native_password'
// The first bytes of replies to a login.
const OK = 0
const SWITCH = 0xfe
const REFUSED = 0xff

/**
 * Creates a client's login by `mysql_native_password`, without TLS. Call the function with each packet of the server
 * until it returns `done` or `refused`. It throws MalformedMessage for a greeting of another protocol version than 10.
 */
export function createLogin(credentials: Credentials): (packet: Packet) => LoginStep {
  let version: string | undefined
  return ({ sequence, payload }) => {
    // The first packet may be an error instead of a greeting, for example if the server has too many sessions.
    if (payload[0] === REFUSED) return { type: 'refused', why: 'refused', error: readError(payload) }
    if (version === undefined) {
      const greeting = readGreeting(payload)
      version = greeting.version
      return { type: 'send', bytes: loginPacket(credentials, greeting.scramble) }
    }
    if (payload[0] === OK) return { type: 'done', version }
    if (payload[0] !== SWITCH) return { type: 'refused', why: 'the server replied to the login with an unknown packet' }
    const { plugin, scramble } = readSwitch(payload)
    if (plugin !== PLUGIN) return { type: 'refused', why: `the server wants ${plugin}: only ${PLUGIN} is known here` }
    const proof = nativePassword(credentials.password, scramble)
    return { type: 'send', bytes: packetOf({ sequence: sequence + 1, payload: proof }) }
  }
}

const CHOSEN =
  CAPABILITY.foundRows |
  CAPABILITY.withDatabase |
  CAPABILITY.protocol41 |
  CAPABILITY.secureConnection |
  CAPABILITY.pluginAuth
const UTF8MB4_BIN = 46
const RESERVED_BYTES = 23

function loginPacket({ user, password, database }: Credentials, scramble: Buffer): Buffer {
  const limits = Buffer.alloc(8)
  limits.writeUIntLE(CHOSEN, 0, 4)
  limits.writeUIntLE(LONGEST_PAYLOAD_BYTES, 4, 4)
  const proof = nativePassword(password, scramble)
  const payload = Buffer.concat([
    ...[limits, Buffer.from([UTF8MB4_BIN]), Buffer.alloc(RESERVED_BYTES)],
    ...[zeroEnded(user), Buffer.from([proof.length]), proof, zeroEnded(database), zeroEnded(PLUGIN)],
  ])
  return packetOf({ sequence: 1, payload })
}

const zeroEnded = (text: string): Buffer => Buffer.from(`${text}\0`)

const SCRAMBLE_BYTES = 20

/** Reads the request to switch to another login method. A request without the name of a method means the oldest. */
function readSwitch(payload: Buffer): { readonly plugin: string; readonly scramble: Buffer } {
  if (payload.length === 1) return { plugin: 'mysql_old_password', scramble: payload.subarray(1) }
  const cursor = new PacketCursor('a request for another login', payload, 1)
  return { plugin: cursor.untilZero().toString('utf8'), scramble: cursor.rest().subarray(0, SCRAMBLE_BYTES) }
}

/**
 * Returns the proof of a password (https://mariadb.com/kb/en/authentication-plugin-mysql_native_password/); empty for
 * no password.
 */
function nativePassword(password: string, scramble: Buffer): Buffer {
  if (password === '') return Buffer.alloc(0)
  const once = sha1(Buffer.from(password))
  const mask = sha1(Buffer.concat([scramble, sha1(once)]))
  return Buffer.from(once.map((byte, at) => byte ^ (mask[at] ?? 0)))
}

const sha1 = (bytes: Buffer): Buffer => Buffer.from(createHash('sha1').update(bytes).digest('hex'), 'hex')
