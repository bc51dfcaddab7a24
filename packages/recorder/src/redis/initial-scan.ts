import type { Json } from '@chaosproxy/history'
import type { Recorder } from '../record/recorder.ts'
import type { QueriedServer } from '../spoken/conversation.ts'
import { isError, isList } from './answers.ts'
import { completionsOf } from './command-reader.ts'
import type { CommandSet } from './command-set.ts'
import type { Expirations } from './expirations.ts'
import { lifetimesWith } from './expire-commands.ts'
import type { KeySpace } from './key-space.ts'

export interface InitialScanOptions {
  readonly server: QueriedServer
  readonly recorder: Recorder
  readonly keySpace: KeySpace
  readonly expirations: Expirations
  readonly commands: CommandSet
  readonly node: string
}

/** Maximum number of keys whose initial values are read. */
const MOST_KEYS = 10_000
const SESSION = 'the recorder, at the start'

/**
 * Reads the strings and hashes of database 0, so that the history begins with their values.
 *
 * @throws UserError (environment) if the server does not answer, or refuses.
 */
export async function scanInitially(options: InitialScanOptions): Promise<void> {
  const { server } = options
  let cursor = '0'
  let read = 0
  do {
    const answer = await ask(server, 'SCAN', cursor, 'COUNT', '1000')
    const [next, keys] = isList(answer) ? answer : []
    if (typeof next !== 'string' || !isList(keys)) throw server.unusable('an answer that is not understood')
    cursor = next
    for (const key of keys) {
      if (read >= MOST_KEYS) return
      if (typeof key !== 'string') continue
      await readKey(key, options)
      read++
    }
  } while (cursor !== '0')
}

async function ask(server: QueriedServer, ...words: readonly string[]): Promise<Json> {
  const answer = await server.ask(words)
  if (isError(answer)) throw server.unusable(answer.error)
  return answer
}

async function readKey(key: string, options: InitialScanOptions): Promise<void> {
  const { server, keySpace, commands, expirations } = options
  const type = await ask(server, 'TYPE', key)
  if (type === 'string') await recordRead(['GET', key], options)
  else if (type === 'hash' && commands.readers.has('HGET')) {
    const fields = await ask(server, 'HKEYS', key)
    const names = isList(fields) ? fields.filter((field) => typeof field === 'string') : []
    if (names.length > 0) await recordRead(['HMGET', key, ...names], options)
  }
  const remaining = await ask(server, 'PTTL', key)
  if (typeof remaining !== 'number' || remaining < 0) return
  const names = keySpace.names('0')
  const lasting = { afterMs: remaining, isSet: () => true }
  for (const lifetime of lifetimesWith(key, names, lasting)) expirations.lasting(lifetime)
}

async function recordRead(
  words: readonly string[],
  { server, recorder, keySpace, commands, node }: InitialScanOptions,
): Promise<void> {
  const recognised = commands.readers.get(words[0] ?? '')?.(words, keySpace.names('0'))
  if (typeof recognised !== 'object') return
  const exchange = recorder.connection({ node, client: '127.0.0.1' }).beginWhole(recorder.now())
  const [first, ...rest] = recognised.parts
  exchange.called({ kind: 'operations', calls: [first.call, ...rest.map(({ call }) => call)], session: SESSION })
  exchange.forwarded(recorder.now())
  const answer = await ask(server, ...words)
  const completions = completionsOf(recognised, answer)
  exchange.answered(recorder.now(), completions)
  exchange.delivered(recorder.now(), completions)
}
