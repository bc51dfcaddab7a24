import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Transform } from 'node:stream'
import { greetingLength, parseSocksRequest } from './socks-request.ts'

/** The destination of a browser's connection. */
export interface Way {
  connect(): Socket
  /** Transforms what the browser sends. */
  readonly sent?: Transform | undefined
}

/** A SOCKS proxy on the loopback. */
export interface SocksServer {
  readonly url: string
  /** Also ends its connections. */
  close(): Promise<void>
}

const NO_AUTHENTICATION = Buffer.from([5, 0])
const SUCCEEDED = Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
const REFUSED = Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])

/** Opens a proxy that passes the bytes of every connection on unchanged: ends, resets and silence arrive as such. */
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

/** A socket that ends in any other way than in order resets the other one. */
function couple(socket: Socket, other: Socket): void {
  socket.on('error', () => other.resetAndDestroy())
  socket.on('close', () => {
    if (!socket.readableEnded || !socket.writableFinished) other.resetAndDestroy()
  })
}
