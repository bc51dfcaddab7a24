// One of the two processes of a RESP benchmark: a server that answers immediately, or the clients that load it.

import { type AddressInfo, connect, createServer } from 'node:net'
import { serveRequests } from './children.ts'

export type RespRequest = { readonly do: 'serve' } | RespLoadRequest

export interface RespLoadRequest {
  readonly do: 'load'
  readonly port: number
  readonly connections: number
  /** The number of commands that are sent together. */
  readonly pipeline: number
  readonly durationMs: number
}

const VALUE = 'v'.repeat(32)
const command = (...words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`

/** The commands that clients send, alternating. */
const COMMANDS = [
  { request: command('SET', 'key:000000000017', VALUE), answer: '+OK\r\n' },
  { request: command('GET', 'key:000000000017'), answer: `$${VALUE.length}\r\n${VALUE}\r\n` },
] as const

serveRequests<RespRequest>(async (request) => (request.do === 'serve' ? { port: await serve() } : await load(request)))

/** Starts a server that knows only these commands, so that it uses almost no CPU time. */
function serve(): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    let rest = ''
    socket.setEncoding('latin1').on('error', () => undefined)
    socket.on('data', (text: string) => {
      rest += text
      let answers = ''
      for (;;) {
        const asked = COMMANDS.find(({ request }) => rest.startsWith(request))
        if (asked === undefined) break
        rest = rest.slice(asked.request.length)
        answers += asked.answer
      }
      socket.write(answers)
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

async function load({ port, connections, pipeline, durationMs }: RespLoadRequest): Promise<{ perSecond: number }> {
  const startedAtMs = performance.now()
  const untilMs = startedAtMs + durationMs
  const counts = await Promise.all(Array.from({ length: connections }, () => ask(port, pipeline, untilMs)))
  const answers = counts.reduce((sum, count) => sum + count, 0)
  return { perSecond: answers / ((performance.now() - startedAtMs) / 1000) }
}

/**
 * Sends `pipeline` commands together, and the next ones once all have been answered. Returns the number of answers.
 */
function ask(port: number, pipeline: number, untilMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answers = 0
    let sent = 0
    let missingBytes = 0
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const send = (): void => {
      const batch = Array.from({ length: pipeline }, () => COMMANDS[sent++ % COMMANDS.length] ?? COMMANDS[0])
      missingBytes = batch.reduce((sum, { answer }) => sum + answer.length, 0)
      socket.write(batch.map(({ request }) => request).join(''))
    }
    socket.on('connect', send)
    socket.on('data', (bytes) => {
      missingBytes -= bytes.length
      if (missingBytes > 0) return
      answers += pipeline
      if (performance.now() < untilMs) send()
      else {
        socket.destroy()
        resolve(answers)
      }
    })
    socket.on('error', reject)
  })
}
