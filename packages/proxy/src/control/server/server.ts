import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { createSecureContext } from 'node:tls'
import { environmentError, inputError } from '@chaosproxy/history'
import { hostAndPort } from '../../socket/host-and-port.ts'
import type { Identity } from '../../tls/authority.ts'
import type { Address } from '../state/address.ts'
import { ControlError } from '../state/errors.ts'
import { type Api, type ApiReply, type ApiRequest, type ApiStream, matchRoute } from './api.ts'
import type { Guard } from './guard.ts'

export interface ControlServerOptions {
  readonly listen: Address
  /** The server's certificate and key; absent for plain HTTP. */
  readonly identity?: Identity | undefined
  readonly guard: Guard
  readonly apiOf: (path: string) => Api
  /** Called after each request has been answered. */
  readonly onRequest?: ((method: string, path: string, status: number) => void) | undefined
}

export interface ControlServer {
  readonly host: string
  readonly port: number
  /** Closes every connection, streams included, and resolves once the port is free. */
  close(): Promise<void>
}

const LARGEST_BODY_BYTES = 4 * 1024 * 1024
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** Toxiproxy's handler timeout. */
const HANDLER_TIMEOUT_MS = 25_000
const CHECK_EVERY_MS = 2_000

/** @throws UserError (environment) if it cannot listen, (input) for an invalid certificate. */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const limits = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
  }
  const served = (request: IncomingMessage, response: ServerResponse): void => {
    // An error here concerns only this client, not the traffic or other clients.
    serve(request, response, options).catch(() => response.destroy())
  }
  const { identity } = options
  const server =
    identity === undefined ? createServer(limits, served) : createTlsServer({ ...limits, ...tlsOf(identity) }, served)
  const { address, port } = await listen(server, options.listen)
  return {
    host: address,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function tlsOf({ certificate, key }: Identity): { readonly cert: string; readonly key: string } {
  try {
    createSecureContext({ cert: certificate, key })
    return { cert: certificate, key }
  } catch (error) {
    throw inputError(
      `The certificate and key of the control interface do not match, or are not PEM: ${(error as Error).message}.`,
    )
  }
}

async function serve(request: IncomingMessage, response: ServerResponse, options: ControlServerOptions): Promise<void> {
  // A client that disconnects early needs no answer.
  response.on('error', () => undefined)
  const method = request.method ?? ''
  const { path, query } = splitUrl(request.url ?? '/')
  const api = options.apiOf(path)
  const reply = await answer(request, { api, method, path, query, guard: options.guard })
  if ('stream' in reply) {
    for (const [name, value] of Object.entries(api.headers())) response.setHeader(name, value)
    reply.stream(response)
  } else {
    send(request, response, { ...reply, headers: { ...api.headers(), ...reply.headers } })
  }
  options.onRequest?.(method, path, 'stream' in reply ? 200 : reply.status)
}

interface Question {
  readonly api: Api
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly guard: Guard
}

async function answer(
  request: IncomingMessage,
  { api, method, path, query, guard }: Question,
): Promise<ApiReply | ApiStream> {
  const refused = guard(request.headers)
  if (refused !== undefined) return api.failed(new ControlError(refused.status, refused.why), path)
  const turnedAway = api.refuse?.(request.headers)
  if (turnedAway !== undefined) return turnedAway
  const match = matchRoute(api.routes, method, path)
  if (!('route' in match)) return match.allowed.length === 0 ? api.noSuchPath(path) : api.wrongMethod(match.allowed)
  try {
    const body = await readBody(request)
    const apiRequest: ApiRequest = {
      param(name) {
        const value = match.params.get(name)
        if (value === undefined) throw new TypeError(`${match.route.path} has no {${name}}`)
        return value
      },
      query,
      headers: request.headers,
      body,
    }
    return await withinTime(match.route.handle(apiRequest))
  } catch (error) {
    return api.failed(error, path)
  }
}

function splitUrl(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const [path = ''] = url.split('?', 1)
  return { path, query: new URLSearchParams(url.slice(path.length + 1)) }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > LARGEST_BODY_BYTES)
      throw new ControlError(413, `the body is larger than ${LARGEST_BODY_BYTES / 1024 / 1024} MiB`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function withinTime<T>(work: T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ControlError(503, `no answer within ${HANDLER_TIMEOUT_MS / 1000} s`)),
      HANDLER_TIMEOUT_MS,
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function send(request: IncomingMessage, response: ServerResponse, reply: ApiReply): void {
  const body = reply.body ?? ''
  // The unread rest of the body must not be parsed as the next request.
  if (!request.complete) response.setHeader('Connection', 'close')
  response.writeHead(reply.status, {
    ...(reply.status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) }),
    ...reply.headers,
  })
  response.end(body)
  request.resume()
}

function listen(server: Server, address: Address): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is taken' : error.message
      reject(
        environmentError(`The control interface cannot listen on ${hostAndPort(address)}: ${why}.`, {
          cause: error,
        }),
      )
    })
    server.listen(address, () => {
      const listening = server.address()
      if (listening === null || typeof listening === 'string') throw new TypeError('the server has no TCP address')
      resolve(listening)
    })
  })
}
