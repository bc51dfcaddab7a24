import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import type { BackendMessage } from '@chaosproxy/wire/postgresql'

export interface Credentials {
  readonly user: string
  readonly password: string | undefined
}

/** The client's response to one Authentication message of the server; undefined if it expects none. */
type Login = (request: AuthenticationRequest) => Buffer | undefined

type AuthenticationRequest = Pick<Extract<BackendMessage, { readonly kind: 'authentication' }>, 'method' | 'bytes'>

const MECHANISM = 'SCRAM-SHA-256'
/** The greatest iteration count that a server may demand. No real server asks for more. */
const MOST_ITERATIONS = 1_000_000

/**
 * Logs in by trust, with a plain password, with MD5, or with SCRAM-SHA-256 (RFC 5802 and 7677; passwords are not
 * normalised).
 *
 * @param nonce Unique to this login. @throws Error for a missing password, an unknown method, or a server that cannot
 * prove that it knows the password.
 */
export function createLogin({ user, password }: Credentials, nonce: string): Login {
  let exchange: Exchange | undefined
  const secret = () => {
    if (password === undefined) throw new Error(`the server requires a password for ${user}, and no password is given`)
    return password
  }
  const exchanging = (): Exchange => {
    if (exchange === undefined) throw new Error('the server continues a login that it has not begun')
    return exchange
  }
  return ({ method, bytes: rest }) => {
    switch (method) {
      case 0:
        return undefined
      case 3:
        return zeroEnded(secret())
      case 5:
        return zeroEnded(`md5${md5(md5(secret() + user), rest)}`)
      case 10: {
        const offered = rest.toString('utf8').split('\0').slice(0, -1)
        if (!offered.includes(MECHANISM))
          throw new Error(`the server offers no ${MECHANISM}, only ${offered.join(', ')}`)
        exchange = { password: secret(), first: `n=,r=${nonce}`, nonce, proven: undefined }
        return initialResponse(`n,,${exchange.first}`)
      }
      case 11:
        return Buffer.from(finalMessage(exchanging(), rest.toString('utf8')))
      case 12:
        requireProof(exchanging(), rest.toString('utf8'))
        return undefined
      default:
        throw new Error(`the server requires an authentication method that is not supported (number ${method})`)
    }
  }
}

const zeroEnded = (text: string): Buffer => Buffer.from(`${text}\0`)

function initialResponse(message: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(Buffer.byteLength(message))
  return Buffer.concat([zeroEnded(MECHANISM), length, Buffer.from(message)])
}

interface Exchange {
  readonly password: string
  readonly first: string
  readonly nonce: string
  /** The signature by which the server must prove that it knows the password. */
  proven: Buffer | undefined
}

function finalMessage(exchange: Exchange, challenge: string): string {
  const { r: nonce = '', s: salt = '', i: rounds } = attributesOf(challenge)
  const iterations = Number(rounds)
  if (!nonce.startsWith(exchange.nonce) || !(iterations >= 1 && iterations <= MOST_ITERATIONS))
    throw new Error("the server's challenge is not one of SCRAM")
  const salted = pbkdf2Sync(exchange.password, Buffer.from(salt, 'base64'), iterations, 32, 'sha256')
  const key = hmac(salted, 'Client Key')
  const unproven = `c=biws,r=${nonce}`
  const all = `${exchange.first},${challenge},${unproven}`
  exchange.proven = hmac(hmac(salted, 'Server Key'), all)
  const mask = hmac(createHash('sha256').update(key).digest(), all)
  const proof = key.map((byte, at) => byte ^ (mask[at] ?? 0))
  return `${unproven},p=${Buffer.from(proof).toString('base64')}`
}

function requireProof({ proven }: Exchange, answer: string): void {
  const given = Buffer.from(attributesOf(answer)['v'] ?? '', 'base64')
  if (proven === undefined || given.length !== proven.length || !timingSafeEqual(given, proven))
    throw new Error('the server does not know the password, so it is not the server that it claims to be')
}

const attributesOf = (text: string): { readonly [name: string]: string } =>
  Object.fromEntries(text.split(',').map((part) => [part.slice(0, 1), part.slice(2)]))

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

function md5(text: string, salt: Buffer = Buffer.alloc(0)): string {
  return createHash('md5').update(text).update(salt).digest('hex')
}
