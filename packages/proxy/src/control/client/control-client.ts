import { type IncomingMessage, request as requestPlainly } from 'node:http'
import { request as requestByTls } from 'node:https'
import { environmentError, UserError, usageError } from '@chaosproxy/history'
import type { ControlWords } from './words.ts'

export interface ControlClient {
  /**
   * Returns the body of the response, parsed as JSON.
   *
   * @throws UserError with the proxy's error, or if nothing responds.
   */
  get(path: string): Promise<unknown>
  send(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  /**
   * Returns the response, whatever its HTTP status.
   *
   * @throws UserError if no response arrives in time.
   */
  ask(method: string, path: string, options?: AskOptions): Promise<ControlAnswer>
  /** Calls `onEvent` for each event, until the proxy ends the stream or `stop` resolves. */
  events(onEvent: (event: unknown) => void, stop: Promise<void>): Promise<void>
}

interface AskOptions {
  readonly body?: unknown
  readonly timeoutMs?: number | undefined
}

interface ControlAnswer {
  readonly status: number
  /** The proxy's version; undefined if the proxy is older than the version header. */
  readonly version: string | undefined
  readonly text: string
}

export interface ControlClientOptions {
  /** The proxy's address: `http://127.0.0.1:8474`, or only `127.0.0.1:8474`. */
  readonly host: string
  readonly token: string | undefined
  /** Trusted certificates in PEM, instead of the usual authorities: an authority's certificate, or the proxy's own. */
  readonly authorities?: string | undefined
  readonly words: ControlWords
}

const TIMEOUT_MS = 30_000
const TOO_LONG = 'no answer within'

/** @throws UserError (usage) for an invalid address. */
export function createControlClient({ host, token, authorities, words }: ControlClientOptions): ControlClient {
  const base = parseBase(host, words)
  const dial = base.protocol === 'https:' ? requestByTls : requestPlainly

  function open(method: string, path: string, { body, timeoutMs = TIMEOUT_MS }: AskOptions): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const call = dial(
        new URL(path, base),
        {
          method,
          // Opens a new connection for each request, because a kept connection may have died unnoticed.
          agent: false,
          // Also accepts a certificate chain that ends at a trusted certificate that is not a root, such as the proxy's
          // own.
          ...(authorities === undefined ? {} : { ca: authorities, allowPartialTrustChain: true }),
          headers: {
            ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
            ...(text === undefined
              ? {}
              : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
          },
        },
        resolve,
      )
      const late = setTimeout(() => call.destroy(new Error(`${TOO_LONG} ${timeoutMs / 1000} s`)), timeoutMs)
      call.on('close', () => clearTimeout(late))
      call.on('response', (response: IncomingMessage) => {
        // An event stream continues, so it has no time limit.
        if (response.headers['content-type'] === 'text/event-stream') clearTimeout(late)
      })
      call.on('error', (error: NodeJS.ErrnoException) => reject(unreachable(base, error, words)))
      call.end(text)
    })
  }

  async function ask(method: string, path: string, options: AskOptions = {}): Promise<ControlAnswer> {
    const response = await open(method, path, options)
    const version = response.headers['x-chaos-version']
    try {
      const text = await readAll(response)
      return { status: response.statusCode ?? 0, version: typeof version === 'string' ? version : undefined, text }
    } catch (error) {
      throw unreachable(base, error as NodeJS.ErrnoException, words)
    }
  }

  async function answerOf(method: string, path: string, body?: unknown): Promise<unknown> {
    const { status, text, version } = await ask(method, path, { body })
    if (version === undefined && status !== 401) throw notAProxy(base.host, 'its answer has no header x-chaos-version')
    if (status < 400) return text === '' ? undefined : parseAnswer(text, base.host)
    throw refusal(status, text, { words, hasToken: token !== undefined })
  }

  return {
    ask,
    get: (path) => answerOf('GET', path),
    send: (method, path, body) => answerOf(method, path, body),
    async events(onEvent, stop) {
      const response = await open('GET', '/v1/events', {})
      if (response.statusCode !== 200)
        throw refusal(response.statusCode ?? 0, await readAll(response), { words, hasToken: token !== undefined })
      void stop.then(() => response.destroy())
      let rest = ''
      try {
        for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
          const blocks = (rest + chunk).split('\n\n')
          rest = blocks.pop() ?? ''
          for (const block of blocks) {
            const data = /^data: (.*)$/m.exec(block)?.[1]
            if (data !== undefined) onEvent(parseAnswer(data, base.host))
          }
        }
      } catch {
        // Ignore the error: `stop` ended the stream, or the proxy exited. No events follow.
      }
    },
  }
}

export function refusal(
  status: number,
  text: string,
  { words, hasToken }: { readonly words: ControlWords; readonly hasToken: boolean },
): UserError {
  if (status === 401)
    return usageError(
      hasToken
        ? `The proxy refuses the token (HTTP 401): give the token that the proxy was started with, by ${words.token}.`
        : `The proxy asks for a token (HTTP 401): give the token that the proxy was started with, by ${words.token}.`,
    )
  return new UserError(
    status >= 500 ? 'environment' : 'usage',
    `The proxy refuses the request (HTTP ${status}): ${errorIn(text)}`,
  )
}

function parseBase(host: string, words: ControlWords): URL {
  const text = /^[a-z]+:\/\//i.test(host) ? host : `http://${host}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '')
    return url
  throw usageError(`${words.host} ${withoutPassword(host)} is not an address. Write it as 127.0.0.1:8474.`)
}

const withoutPassword = (host: string): string => host.replace(/\/\/.*@/, '//…@')

async function readAll(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) text += chunk
  return text
}

/** @throws UserError (environment) if the text is not the response of a proxy. */
export function parseAnswer(text: string, host: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw notAProxy(host, 'it sent no JSON')
  }
}

const notAProxy = (host: string, why: string): UserError =>
  environmentError(`The program at ${host} is not a chaos proxy: ${why}.`)

/** Returns `error` of the proxy's `{"error":…}`, or the first line of any other response. */
function errorIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown }
    if (typeof error === 'string') return error
  } catch {
    // Ignored: a response that is not JSON does not come from a proxy.
  }
  return text.split('\n')[0]?.slice(0, 200) || 'refused without a reason'
}

function unreachable(base: URL, error: NodeJS.ErrnoException, words: ControlWords): UserError {
  const { host, hostname } = base
  const ofCertificate = certificateTrouble(error, hostname, words)
  if (ofCertificate !== undefined) return environmentError(`The certificate of the proxy at ${host} ${ofCertificate}`)
  if (/wrong version number|packet length too long|http request/i.test(error.message))
    return environmentError(
      `The server at ${host} does not speak TLS: write http://, or start the proxy with --control-cert and --control-key.`,
    )
  const why =
    error.code === 'ECONNREFUSED'
      ? 'Nothing listens there'
      : error.code === 'ECONNRESET' && base.protocol === 'http:'
        ? `It says: ${error.message} (if it speaks TLS, write https://)`
        : `It says: ${error.message}`
  return environmentError(
    `No proxy answers at ${host}. ${why}. Start one (chaos proxy --listen … --upstream …), or give the address of a running proxy with ${words.host}.`,
  )
}

const MADE_ANEW = 'start the proxy again with one that is (--control-cert, --control-key).'

function certificateTrouble({ code, message }: NodeJS.ErrnoException, name: string, words: ControlWords) {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return `has expired: ${MADE_ANEW.replace('that is', 'that is valid')}`
    case 'CERT_NOT_YET_VALID':
      return `is not valid yet: compare the clocks of both machines, or ${MADE_ANEW.replace('that is', 'that is valid')}`
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `is not for the name ${name} (${namesIn(message)}): use a name from the certificate, or start the proxy again with a certificate for ${name} (--control-cert, --control-key).`
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `is not trusted: give the certificate of its authority, or its own, by ${words.authorities}.`
    default:
      return undefined
  }
}

const namesIn = (message: string): string => /.*altnames: (.*)$/.exec(message)?.[1] ?? message
