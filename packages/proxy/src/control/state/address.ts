import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { environmentError, usageError } from '@chaosproxy/history'
import { isPath } from '../../socket/unix-socket.ts'

/**
 * A parsed address. The text is `127.0.0.1:6379`, `localhost:0`, `[::1]:80`, `:80` for every address, or
 * `unix:/run/db.sock`.
 */
export interface Address {
  readonly host: string
  readonly port: number
}

/**
 * Parses `host:port` or `unix:path`. An IPv6 host must be in brackets. If the port is missing, or there are too many
 * colons, the error message is that of Go's net.SplitHostPort, because users of Toxiproxy know it.
 *
 * @throws UserError (usage)
 */
export function parseAddress(text: string): Address {
  if (text.startsWith(UNIX)) return { host: pathIn(text), port: 0 }
  const colon = text.lastIndexOf(':')
  if (colon < 0) throw usageError(`address ${shorten(text)}: missing port in address`)
  const bracketed = /^\[([^[\]]*)\]$/.exec(text.slice(0, colon))
  const host = bracketed?.[1] ?? text.slice(0, colon)
  if (bracketed === null && host.includes(':')) throw usageError(`address ${shorten(text)}: too many colons in address`)
  const port = Number(text.slice(colon + 1))
  if (!/^\d{1,5}$/.test(text.slice(colon + 1)) || port > HIGHEST_PORT)
    throw usageError(`address ${shorten(text)}: invalid port "${shorten(text.slice(colon + 1))}"`)
  if (host.length > LONGEST_HOST || /[\s/\\[\]\p{Cc}]/u.test(host))
    throw usageError(`address ${shorten(text)}: invalid host`)
  return { host, port }
}

const UNIX = 'unix:'
/** The system's limit for the path of a Unix socket (unix(7)). */
const LONGEST_PATH_BYTES = 107

function pathIn(text: string): string {
  const path = text.slice(UNIX.length)
  if (!isPath(path) || path.includes('\0') || Buffer.byteLength(path) > LONGEST_PATH_BYTES)
    throw usageError(
      `address ${shorten(text)}: not an absolute path of at most ${LONGEST_PATH_BYTES} bytes, as in unix:/run/db.sock`,
    )
  return path
}

const HIGHEST_PORT = 65_535
/** The longest name in the DNS (RFC 1035 §2.3.4). */
const LONGEST_HOST = 253

export async function resolveAddress(address: Address): Promise<Address> {
  if (address.host === '') return { ...address, host: '::' }
  if (isIP(address.host) !== 0 || isPath(address.host)) return address
  try {
    const [found] = await lookup(address.host, { all: true, order: 'ipv4first' })
    if (found !== undefined) return { ...address, host: found.address }
  } catch {
    // Ignored, because the error below is thrown for every failed lookup.
  }
  throw environmentError(`lookup ${address.host}: no such host`)
}

export const isLoopback = (host: string): boolean =>
  isPath(host) || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

/** Shortens a text for an error message, which may quote a request of any size. */
export const shorten = (text: string): string => (text.length <= 80 ? text : `${text.slice(0, 77)}...`)
