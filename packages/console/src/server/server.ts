import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { UserError } from '@chaosproxy/history'
import { createGuard, type Guard, parseAddress } from '@chaosproxy/proxy/control'
import { WebSocketServer } from 'ws'
import { pageScript } from '../built-file.ts'
import { type Channel, openChannel } from './channel.ts'
import { shell } from './shell.ts'
import { pageStyles } from './styles.ts'

export interface PageServerOptions {
  /** `host:port`; port 0 is any free one. */
  readonly listen: string
  /** A page has connected: what it says is passed to what this returns. */
  readonly connected: (channel: Channel) => (text: string) => void
  /** A document besides the page, by its path; undefined if there is none. */
  readonly document: (path: string) => string | undefined
}

export interface PageServer {
  /** The address of the page, with its token. */
  readonly url: string
  /** The address of a document, with the token. */
  addressOf(path: string): string
  close(): Promise<void>
}

/** Pages at once. Each costs a frame ten times a second. */
const MOST_PAGES = 16
/** An order is short: what is longer is none. */
const LONGEST_ORDER_BYTES = 16_384

const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
/** A report brings its own script. It runs as if it came from nowhere, and so cannot reach the page. */
const DOCUMENT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts"

/** Serves the page and its WebSocket. Requests without the token, or from another site, are refused. */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const { host, port } = parseAddress(options.listen)
  const token = randomBytes(18).toString('base64url')
  const guard = guardByUrl(createGuard({ listenHost: host, token, hostNames: [] }))
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LONGEST_ORDER_BYTES, perMessageDeflate: false })
  const server = createServer((request, response) => {
    const refusal = guard(request)
    if (refusal !== undefined) return answer(response, plain(refusal.status, refusal.why))
    try {
      answer(response, contentOf(request, token, options.document))
    } catch (error) {
      // A report that was deleted, or a page that was not built, ends neither the page nor the run.
      answer(response, plain(500, error instanceof Error ? error.message : String(error)))
    }
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const refusal = guard(request) ?? (sockets.clients.size >= MOST_PAGES ? TOO_MANY : undefined)
    if (refusal === undefined)
      sockets.handleUpgrade(request, socket, head, (page) => openChannel(page, options.connected))
    else socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nConnection: close\r\n\r\n`)
  })
  await listening(server, host, port)
  const at = server.address() as AddressInfo
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${at.port}`
  const addressOf = (path: string) => `${origin}${path}?token=${token}`
  return {
    url: addressOf('/'),
    addressOf,
    async close() {
      for (const page of sockets.clients) page.terminate()
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
    },
  }
}

const TOO_MANY = { status: 503, why: `${MOST_PAGES} pages are open already: close one.` }

const listening = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UserError(
          'environment',
          `--ui-listen ${host}:${port}: cannot listen there (${error.code ?? error.message}). Choose another: 127.0.0.1:0 is any free port.`,
        ),
      ),
    )
    server.listen(port, host, resolve)
  })

type Refusal = { readonly status: number; readonly why: string } | undefined

/** Only completes addresses: requests name a path. */
const ORIGIN = 'http://page'

/** A browser cannot send a header with a page or a WebSocket that it opens, so the token is in the address. */
const guardByUrl =
  (guard: Guard) =>
  ({ url = '/', headers }: IncomingMessage): Refusal => {
    // Anyone who reaches the port can send a target that is no address, such as `//`.
    if (!URL.canParse(url, ORIGIN))
      return { status: 400, why: 'The address cannot be read: open the one that chaos printed.' }
    const token = new URL(url, ORIGIN).searchParams.get('token')
    const refusal = guard({ ...headers, authorization: `Bearer ${token ?? ''}` })
    return refusal?.status === 401
      ? { status: 401, why: 'The token is missing or wrong: open the address that chaos printed.' }
      : refusal
  }

interface Content {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly policy?: string
}

const plain = (status: number, text: string): Content => ({ status, type: 'text/plain', body: `${text}\n` })

function contentOf(
  { url = '/', method }: IncomingMessage,
  token: string,
  document: PageServerOptions['document'],
): Content {
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'Only GET.')
  const { pathname } = new URL(url, ORIGIN)
  const own = ownParts[pathname]?.(token)
  if (own !== undefined) return { status: 200, ...own }
  const text = document(pathname)
  return text === undefined
    ? plain(404, 'There is no such page.')
    : { status: 200, type: 'text/html', body: text, policy: DOCUMENT_POLICY }
}

const ownParts: { readonly [path: string]: ((token: string) => Pick<Content, 'type' | 'body'>) | undefined } = {
  '/': (token) => ({ type: 'text/html', body: shell(token) }),
  '/page.js': () => ({ type: 'text/javascript', body: readFileSync(pageScript(), 'utf8') }),
  '/page.css': () => ({ type: 'text/css', body: pageStyles }),
}

function answer(response: ServerResponse, { status, type, body, policy = PAGE_POLICY }: Content): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'cross-origin-resource-policy': 'same-origin',
  })
  response.end(body)
}
