import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Transform } from 'node:stream'

export interface Way {
  connect(): Socket
  /** Transforms the bytes that the browser sends. */
  readonly sent?: Transform | undefined
}

export interface SocksServer {
  readonly url: string
  close(): Promise<void>
}

const NO_AUTHENTICATION = Buffer.from([5, 0])
const SUCCEEDED = Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
const REFUSED = Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])

/** Opens a SOCKS proxy that passes on every connection unchanged: its bytes, ends, resets and silence. */
export async function openSocksServer(wayTo: (host: string, port: number) => Way): Promise<SocksServer> {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (browser) => {
    open.add(browser)
    browser.on('close', () => open.delete(browser))
    browser.on('error', () => {})
    readGreeting(browser, (host, port) => lead(browser, wayTo(host, port)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `socks5://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const browser of open) browser.resetAndDestroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function readGreeting(browser: Socket, lead: (host: string, port: number) => void): void {
  let bytes = Buffer.alloc(0)
  let isGreeted = false
  const read = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk])
    if (!isGreeted) {
      const length = greetingLength(bytes)
      if (length === undefined) browser.destroy()
      if (length === undefined || length === 0) return
      isGreeted = true
      bytes = bytes.subarray(length)
      browser.write(NO_AUTHENTICATION)
    }
    const request = parseSocksRequest(bytes)
    if (request.type === 'malformed') browser.destroy()
    if (request.type !== 'connect') return
    browser.off('data', read)
    browser.pause()
    const early = bytes.subarray(request.length)
    if (early.length > 0) browser.unshift(early)
    lead(request.host, request.port)
  }
  browser.on('data', read)
}

function lead(browser: Socket, { connect, sent }: Way): void {
  const server = connect()
  server.once('error', () => browser.end(REFUSED))
  browser.once('close', () => server.destroy())
  server.once('connect', () => {
    server.removeAllListeners('error')
    browser.removeAllListeners('close')
    browser.write(SUCCEEDED)
    couple(browser, server)
    couple(server, browser)
    ;(sent === undefined ? browser : browser.pipe(sent)).pipe(server)
    server.pipe(browser)
  })
}

/** Resets `other` if `socket` closes without an orderly end. */
function couple(socket: Socket, other: Socket): void {
  socket.on('error', () => other.resetAndDestroy())
  socket.on('close', () => {
    if (!socket.readableEnded || !socket.writableFinished) other.resetAndDestroy()
  })
}

/** The request in the bytes that a SOCKS client has sent so far (RFC 1928 §3–4), without authentication. */
type SocksRequest =
  | { readonly type: 'incomplete' }
  | { readonly type: 'malformed' }
  /** Where to connect, and the request's length in bytes. */
  | { readonly type: 'connect'; readonly host: string; readonly port: number; readonly length: number }

const VERSION = 5
const CONNECT = 1
const INCOMPLETE: SocksRequest = { type: 'incomplete' }
const MALFORMED: SocksRequest = { type: 'malformed' }

/** Returns the length of the greeting at the start of `bytes`; 0 while it is incomplete, undefined if there is none. */
export function greetingLength(bytes: Buffer): number | undefined {
  const [version, methods] = bytes
  if (version !== undefined && version !== VERSION) return undefined
  return methods === undefined || bytes.length < 2 + methods ? 0 : 2 + methods
}

/** Parses the request that follows the greeting. Browsers send host names unresolved. */
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
