import { type Json, UserError } from '@chaosproxy/history'
import type { Recorder } from '@chaosproxy/recorder'
import type { CommandSet, Expirations, KeySpace } from '@chaosproxy/recorder/redis'
import { completionsOf, isError, lifetimesWith } from '@chaosproxy/recorder/redis'
import { FrameReader, readResp, resp, respToJson } from '@chaosproxy/wire'
import { dialServer, type Reached } from '../tls/dial-server.ts'

export interface InitialScanOptions {
  readonly recorder: Recorder
  readonly keySpace: KeySpace
  readonly expirations: Expirations
  readonly commands: CommandSet
  /** The server's name in the history, and its address. */
  readonly node: string
  readonly upstream: Reached
  /** The most keys to read; others stay unknown. */
  readonly most?: number | undefined
}

const MOST_KEYS = 10_000
const TIMEOUT_MS = 10_000
const SESSION = 'the recorder, at the start'

/**
 * Reads the strings and hashes of database 0 as an additional client, so that the history begins with their values.
 * Keys that will expire are marked.
 *
 * @returns How many keys were read, and whether there were more.
 * @throws UserError (environment) if the server does not answer, or refuses.
 */
export async function scanInitially(options: InitialScanOptions): Promise<{ read: number; isAll: boolean }> {
  const { upstream, most = MOST_KEYS } = options
  const where = `"initial": "read" at ${upstream.host}:${upstream.port}`
  const server = await dialled(upstream, where)
  try {
    let cursor = '0'
    let read = 0
    do {
      const answer = await server.ask('SCAN', cursor, 'COUNT', '1000')
      const [next, keys] = Array.isArray(answer) ? (answer as readonly Json[]) : []
      if (typeof next !== 'string' || !Array.isArray(keys)) throw refused(where, answer)
      cursor = next
      for (const key of keys as readonly Json[]) {
        if (read >= most) return { read, isAll: false }
        if (typeof key !== 'string') continue
        await readKey(server, key, options)
        read++
      }
    } while (cursor !== '0')
    return { read, isAll: true }
  } finally {
    server.close()
  }
}

async function readKey(server: Server, key: string, options: InitialScanOptions): Promise<void> {
  const { keySpace, commands, expirations } = options
  const type = await server.ask('TYPE', key)
  if (type === 'string') await recordRead(server, ['GET', key], options)
  else if (type === 'hash' && commands.readers.has('HGET')) {
    const fields = await server.ask('HKEYS', key)
    if (Array.isArray(fields) && fields.length > 0) {
      const names = (fields as readonly Json[]).filter((field) => typeof field === 'string')
      if (names.length > 0) await recordRead(server, ['HMGET', key, ...names], options)
    }
  }
  const remaining = await server.ask('PTTL', key)
  if (typeof remaining !== 'number' || remaining < 0) return
  const names = keySpace.names('0')
  const lasting = { afterMs: remaining, isSet: () => true }
  for (const lifetime of lifetimesWith(key, names, lasting)) expirations.lasting(lifetime)
}

/** Records a read like a client's. */
async function recordRead(
  server: Server,
  words: readonly string[],
  { recorder, keySpace, commands, node }: InitialScanOptions,
): Promise<void> {
  const recognised = commands.readers.get(words[0] ?? '')?.(words, keySpace.names('0'))
  if (typeof recognised !== 'object') return
  const exchange = recorder.connection({ node, client: '127.0.0.1' }).beginWhole(recorder.now())
  const [first, ...rest] = recognised.parts
  exchange.called({ kind: 'operations', calls: [first.call, ...rest.map(({ call }) => call)], session: SESSION })
  exchange.forwarded(recorder.now())
  const answer = await server.ask(...words)
  const completions = completionsOf(recognised, answer)
  exchange.answered(recorder.now(), completions)
  exchange.delivered(recorder.now(), completions)
}

interface Server {
  readonly ask: (...words: readonly string[]) => Promise<Json>
  readonly close: () => void
}

async function dialled(upstream: InitialScanOptions['upstream'], where: string): Promise<Server> {
  const socket = await dialServer(upstream, TIMEOUT_MS)
  const waiting: { resolve: (answer: Json) => void; reject: (error: UserError) => void }[] = []
  let failure: UserError | undefined
  const fail = (why: string): void => {
    failure ??= unread(where, why)
    for (const { reject } of waiting.splice(0)) reject(failure)
    socket.destroy()
  }
  const reader = new FrameReader({ scanner: resp.scanner('responses'), maxFrameBytes: 1 << 29 })
  socket.on('data', (bytes: Buffer) => {
    reader.read(bytes, {
      frame(frame) {
        const value = readResp(frame)
        if (value === undefined) fail('its answer is no RESP')
        else if (value.kind !== 'push') waiting.shift()?.resolve(respToJson(value))
      },
      loose: () => fail('its answer is no RESP'),
    })
  })
  socket.on('error', (error) => fail(error.message))
  socket.on('timeout', () => fail(`no answer within ${TIMEOUT_MS} ms`))
  socket.on('close', () => fail('it hung up'))
  return {
    async ask(...words) {
      const answer = await new Promise<Json>((resolve, reject) => {
        if (failure !== undefined) return reject(failure)
        waiting.push({ resolve, reject })
        socket.write(resp.write([...words], 'requests'))
      })
      if (isError(answer)) throw refused(where, answer)
      return answer
    },
    close: () => void socket.destroy(),
  }
}

const refused = (where: string, answer: Json): UserError =>
  unread(where, isError(answer) ? answer.error : 'an answer that is not understood')

const unread = (where: string, why: string): UserError =>
  new UserError(
    'environment',
    `${where}: ${why}. Start the server before the proxy, or leave "initial" out: then what keys hold at the start is unknown.`,
  )
