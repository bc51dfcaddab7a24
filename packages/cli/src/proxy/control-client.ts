import { type IncomingMessage, request } from 'node:http'
import { UserError } from '@chaosproxy/history'

/** A client of a running proxy's control interface. */
export interface ControlClient {
  /** The answer as JSON. @throws UserError with the proxy's error, or saying that nothing answers. */
  get(path: string): Promise<unknown>
  send(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  /** Calls back for each event, until the proxy ends the stream or `stop` resolves. */
  events(onEvent: (event: unknown) => void, stop: Promise<void>): Promise<void>
}

export interface ControlClientOptions {
  /** `http://127.0.0.1:8474`, or only `127.0.0.1:8474`. */
  readonly host: string
  readonly token: string | undefined
}

const TIMEOUT_MS = 30_000

/** @throws UserError (usage) for an invalid address. */
export function createControlClient({ host, token }: ControlClientOptions): ControlClient {
  const base = parseBase(host)

  function ask(method: string, path: string, body?: unknown): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const asked = request(
        new URL(path, base),
        {
          method,
          headers: {
            ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
            ...(text === undefined
              ? {}
              : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
          },
        },
        resolve,
      )
      asked.setTimeout(TIMEOUT_MS, () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
      asked.on('error', (error: NodeJS.ErrnoException) => reject(unreachable(base, error)))
      asked.end(text)
    })
  }

  async function answerOf(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await ask(method, path, body)
    const text = await readAll(response)
    const { statusCode = 0 } = response
    if (statusCode < 400) return text === '' ? undefined : parseJson(text, base)
    throw refusal(statusCode, text)
  }

  return {
    get: (path) => answerOf('GET', path),
    send: (method, path, body) => answerOf(method, path, body),
    async events(onEvent, stop) {
      const response = await ask('GET', '/v1/events')
      if (response.statusCode !== 200) throw refusal(response.statusCode ?? 0, await readAll(response))
      response.socket.setTimeout(0)
      void stop.then(() => response.destroy())
      let rest = ''
      try {
        for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
          const blocks = (rest + chunk).split('\n\n')
          rest = blocks.pop() ?? ''
          for (const block of blocks) {
            const data = /^data: (.*)$/m.exec(block)?.[1]
            if (data !== undefined) onEvent(parseJson(data, base))
          }
        }
      } catch {
        // We stopped it, or the proxy has ended: either way there is nothing more to see.
      }
    },
  }
}

const refusal = (status: number, text: string): UserError =>
  new UserError(status >= 500 ? 'environment' : 'usage', `The proxy refuses (HTTP ${status}): ${errorIn(text)}`)

function parseBase(host: string): URL {
  const text = /^[a-z]+:\/\//i.test(host) ? host : `http://${host}`
  if (URL.canParse(text) && new URL(text).protocol === 'http:') return new URL(text)
  throw new UserError('usage', `--host ${host}: not an address. Write it as 127.0.0.1:8474.`)
}

function unreachable(base: URL, error: NodeJS.ErrnoException): UserError {
  const why = error.code === 'ECONNREFUSED' ? 'Nothing listens there' : `It says: ${error.message}`
  return new UserError(
    'environment',
    `No proxy answers at ${base.host}. ${why}. Start one (chaos proxy --listen … --upstream …), or say where it is with --host.`,
  )
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) text += chunk
  return text
}

function parseJson(text: string, base: URL): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UserError('environment', `What answers at ${base.host} is no chaos proxy: it sent no JSON.`)
  }
}

/** The text of an error. The proxy answers `{"error":…}`; of any other answer the first line is shown. */
function errorIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown }
    if (typeof error === 'string') return error
  } catch {
    // Not an answer of the proxy.
  }
  return text.split('\n')[0]?.slice(0, 200) || 'refused without a reason'
}
