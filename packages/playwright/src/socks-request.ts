/** The bytes of a SOCKS client so far (RFC 1928 §3–4), without authentication. */
export type SocksRequest =
  | { readonly type: 'incomplete' }
  | { readonly type: 'malformed' }
  /** The host and port to connect to, and the request's length. */
  | { readonly type: 'connect'; readonly host: string; readonly port: number; readonly length: number }

const VERSION = 5
const CONNECT = 1
const INCOMPLETE: SocksRequest = { type: 'incomplete' }
const MALFORMED: SocksRequest = { type: 'malformed' }

/** The length of the greeting that `bytes` begin with; 0 while it is incomplete, undefined if it is none. */
export function greetingLength(bytes: Buffer): number | undefined {
  const [version, methods] = bytes
  if (version !== undefined && version !== VERSION) return undefined
  return methods === undefined || bytes.length < 2 + methods ? 0 : 2 + methods
}

/** Reads the request that follows the greeting. Browsers send names unresolved. */
export function parseSocksRequest(bytes: Buffer): SocksRequest {
  const [version, command, , type, first] = bytes
  if (type === undefined || first === undefined) return INCOMPLETE
  if (version !== VERSION || command !== CONNECT) return MALFORMED
  const sizeBytes = { 1: 4, 3: 1 + first, 4: 16 }[type]
  if (sizeBytes === undefined) return MALFORMED
  const length = 4 + sizeBytes + 2
  if (bytes.length < length) return INCOMPLETE
  return {
    type: 'connect',
    host: hostIn(bytes.subarray(4, 4 + sizeBytes), type),
    port: bytes.readUInt16BE(length - 2),
    length,
  }
}

function hostIn(address: Buffer, type: number): string {
  if (type === 3) return address.toString('latin1', 1)
  if (type === 1) return [...address].join('.')
  return Array.from({ length: 8 }, (_, i) => address.readUInt16BE(2 * i).toString(16)).join(':')
}
