import { request as ask, type IncomingHttpHeaders } from 'node:http'
import { environmentError, UserError } from '@chaosproxy/history'
import type { Completions, Interpretation, Recorder } from '@chaosproxy/recorder'
import { compileMapping, initialReadOf, type RouteTable } from '@chaosproxy/recorder/mapping'
import type { Answer } from '@chaosproxy/wire/http'
import { dialServer, type Reached } from '../tls/dial-server.ts'

export interface InitialReadOptions {
  readonly table: RouteTable
  readonly keys: readonly string[]
  readonly recorder: Recorder
  readonly node: string
  readonly upstream: Reached
}

const TIMEOUT_MS = 10_000
const SESSION = 'the recorder, at the start'

/**
 * Reads keys one after the other, as a separate client, so that the history begins with their values.
 *
 * @throws UserError (environment) for a key that cannot be read.
 */
export async function readInitially({ table, keys, recorder, node, upstream }: InitialReadOptions): Promise<void> {
  const targetOf = initialReadOf(table)
  if (targetOf === undefined) throw new Error('no GET route reads a key: the parser should have refused the table')
  const mapping = compileMapping(table)
  const connection = recorder.connection({ node, client: '127.0.0.1' })
  for (const key of keys) {
    const head = { method: 'GET', target: targetOf(key), headers: NO_FIELDS }
    const { understanding, complete } = mapping.match(head).understand(head, undefined, NOBODY)
    const exchange = connection.beginWhole(recorder.now())
    exchange.called(
      understanding.kind === 'operations' && recorder.sessions.named
        ? { ...understanding, session: SESSION }
        : understanding,
    )
    exchange.forwarded(recorder.now())
    const where = `"initial": "read": ${head.method} ${head.target} at ${upstream.host}:${upstream.port}`
    try {
      const completions = complete(await answerTo(head.target, upstream))
      refuseUnread(completions, where)
      exchange.answered(recorder.now(), completions)
      exchange.delivered(recorder.now(), completions)
    } catch (error) {
      exchange.ended(recorder.now(), 'the initial read failed')
      if (error instanceof UserError) throw error
      throw unread(where, error instanceof Error ? error.message : String(error))
    }
  }
}

function refuseUnread(completions: Completions, where: string): void {
  const [first]: readonly Interpretation[] = Array.isArray(completions) ? completions : [completions]
  if (first !== undefined && first.type !== 'ok') throw unread(where, first.error)
}

const unread = (where: string, why: string): UserError =>
  environmentError(
    `${where}: ${why}. Start the service before the proxy, or leave "initial" out: initial values are then unknown.`,
  )

const NO_FIELDS = { get: () => undefined }
const NOBODY = { connection: 0, address: '', process: undefined }

async function answerTo(path: string, upstream: Reached): Promise<Answer> {
  const { host, port } = upstream
  const socket = await dialServer(upstream, TIMEOUT_MS)
  return new Promise((resolve, reject) => {
    const request = ask({ host, port, path, createConnection: () => socket, timeout: TIMEOUT_MS }, (reply) => {
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply.on('error', reject)
      reply.on('end', () => {
        const body = { bytes: Buffer.concat(chunks) }
        resolve({ status: reply.statusCode ?? 0, headers: fieldsOf(reply.headers), body })
      })
    })
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)))
    request.on('error', reject)
    request.end()
  })
}

function fieldsOf(headers: IncomingHttpHeaders): { get(name: string): string | undefined } {
  return {
    get(name) {
      const value = headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
  }
}
