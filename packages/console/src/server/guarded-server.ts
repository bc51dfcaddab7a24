import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { addressText, environmentError } from '@chaosproxy/history'
import { createGuard, type Guard, parseAddress } from '@chaosproxy/proxy/control'

export interface Content {
  readonly status: number
  readonly type: string
  readonly body: string | { readonly file: string }
  readonly policy: string
}

interface GuardedServerOptions {
  /** `host:port`; port 0 selects any free port. */
  readonly listen: string
  readonly option: string
  /** Returns the token in an address, or an empty text. */
  readonly tokenIn: (url: URL, token: string) => string
  /** Returns the content at an address, for an authorized request. */
  readonly contentOf: (url: URL, token: string) => Content | undefined
  /** Carries out an authorized POST request, or returns why not. By default every POST is refused. */
  readonly posted?: (url: URL, body: string) => string | undefined
  /** Opens a WebSocket for an authorized request. By default none is opened. */
  readonly upgraded?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

interface GuardedServer {
  readonly token: string
  /** `http://127.0.0.1:40123`. */
  readonly origin: string
  close(): Promise<void>
}

type Refusal = { readonly status: number; readonly why: string } | undefined

/** A base for resolving the targets of requests, which are only paths. */
const ORIGIN = 'http://page'

/** Serves pages that load nothing from elsewhere. Refuses requests without the token, and requests from other sites. */
export async function startGuardedServer(options: GuardedServerOptions): Promise<GuardedServer> {
  const { host, port } = parseAddress(options.listen)
  const token = randomBytes(18).toString('base64url')
  const guard = guardByUrl(createGuard({ listenHost: host, token, hostNames: [] }), (url) =>
    options.tokenIn(url, token),
  )
  const server = createServer((request, response) => {
    const refusal = guard(request)
    if (refusal !== undefined) return answer(response, plain(refusal.status, refusal.why))
    if (request.method === 'POST' && options.posted !== undefined) return receive(request, response, options.posted)
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, plain(405, 'Only GET.'))
    try {
      const content = options.contentOf(new URL(request.url ?? '/', ORIGIN), token)
      answer(response, content ?? plain(404, 'There is no such page.'))
    } catch (error) {
      // A deleted report or a missing page must not end the server or the run.
      answer(response, plain(500, error instanceof Error ? error.message : String(error)))
    }
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const refusal = guard(request)
    if (refusal === undefined && options.upgraded !== undefined) options.upgraded(request, socket, head)
    else refuseUpgrade(socket, refusal?.status ?? 404)
  })
  await listening(server, host, port, options.option)
  const at = server.address() as AddressInfo
  return {
    token,
    origin: `http://${addressText({ host, port: at.port })}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The limit of a request's body. The page sends only short requests. */
const LONGEST_BODY_BYTES = 16_384

function receive(
  request: IncomingMessage,
  response: ServerResponse,
  posted: NonNullable<GuardedServerOptions['posted']>,
): void {
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('error', () => response.destroy())
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= LONGEST_BODY_BYTES) chunks.push(chunk)
    else response.destroy()
  })
  request.on('end', () => {
    const why = attempt(() => posted(new URL(request.url ?? '/', ORIGIN), Buffer.concat(chunks).toString('utf8')))
    answer(response, why === undefined ? plain(200, 'Done.') : plain(400, why))
  })
}

function attempt(act: () => string | undefined): string | undefined {
  try {
    return act()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export const refuseUpgrade = (socket: Duplex, status: number): void =>
  void socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\n\r\n`)

const listening = (server: Server, host: string, port: number, option: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        environmentError(
          `${option} ${host}:${port}: cannot listen on this address (${error.code ?? error.message}). Choose another: 127.0.0.1:0 is any free port.`,
        ),
      ),
    )
    server.listen(port, host, resolve)
  })

/**
 * Checks a request by the token in its address, since a browser sends no custom header when it opens a page or
 * WebSocket.
 */
const guardByUrl =
  (guard: Guard, tokenIn: (url: URL) => string) =>
  ({ url = '/', headers }: IncomingMessage): Refusal => {
    // Anyone who reaches the port can send an invalid target such as `//`.
    if (!URL.canParse(url, ORIGIN))
      return { status: 400, why: 'The address cannot be read: open the one that chaos printed.' }
    const { 'sec-fetch-site': site, ...others } = headers
    // A user may come to this page by a link on another page. This is safe, because the other page learns nothing.
    const isFollowed = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
    const refusal = guard({
      ...others,
      ...(site === undefined || isFollowed ? {} : { 'sec-fetch-site': site }),
      authorization: `Bearer ${tokenIn(new URL(url, ORIGIN))}`,
    })
    return refusal?.status === 401
      ? { status: 401, why: 'The token is missing or wrong: open the address that chaos printed.' }
      : refusal
  }

const plain = (status: number, text: string): Content => ({
  status,
  type: 'text/plain',
  body: `${text}\n`,
  policy: "default-src 'none'",
})

function answer(response: ServerResponse, { status, type, body, policy }: Content): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'cross-origin-resource-policy': 'same-origin',
  })
  if (typeof body === 'string') response.end(body)
  else
    createReadStream(body.file)
      .on('error', () => response.destroy())
      .pipe(response)
}
