import type { Completion, Input, Json } from '@chaosproxy/history'
import { boolean, bytes, int, recordReader, text } from './jute.ts'
import { type Asking, isTrouble, type Trouble } from './session.ts'

/** The parent of all nodes of a run. */
export const ROOT = '/chaos'

const pathOf = (key: string): string => `${ROOT}/${encodeURIComponent(key).replaceAll('.', '%2E')}`

const NO_NODE = -101
const BAD_VERSION = -103
const NODE_EXISTS = -110
const ANY_VERSION = -1
const PERSISTENT = 0
const ALL_PERMISSIONS = 31

/** A register that was never written has no node, and no version. */
interface Held {
  readonly value: Json
  readonly version: number | undefined
}

/** Carries out one operation on a register. `sync`: whether a `sync` precedes each read. */
export async function onRegister(asking: Asking, { f, key = '', value }: Input, sync: boolean): Promise<Completion> {
  const path = pathOf(key)
  switch (f) {
    case 'read': {
      const held = await get(asking, path, sync)
      return isTrouble(held) ? held : { type: 'ok', value: held.value }
    }
    case 'write':
      return write(asking, path, value)
    case 'cas':
      return compareAndSet(asking, path, { value, sync })
    default:
      throw new Error(`a register is not asked to ${f}`)
  }
}

async function get(asking: Asking, path: string, sync: boolean): Promise<Held | Trouble> {
  const synced = sync ? await asking.ask('sync', text(path)) : undefined
  // Nothing has been read.
  if (synced !== undefined && isTrouble(synced)) return { type: 'fail', error: `sync: ${synced.error}` }
  const answer = await asking.ask('getData', Buffer.concat([text(path), boolean(false)]))
  if (!isTrouble(answer)) return heldIn(answer)
  // A read that was not answered changed nothing.
  return answer.code === NO_NODE ? { value: null, version: undefined } : { type: 'fail', error: answer.error }
}

function heldIn(record: Buffer): Held | Trouble {
  try {
    const reader = recordReader(record)
    const data = reader.bytes().toString()
    // The times and zxids of its creation and its last change come first in its Stat.
    for (let member = 0; member < 4; member++) reader.long()
    return { value: JSON.parse(data) as Json, version: reader.int() }
  } catch (error) {
    return { type: 'fail', error: `a node that is not understood: ${error instanceof Error ? error.message : error}` }
  }
}

const set = (asking: Asking, path: string, value: Json, version: number): Promise<Buffer | Trouble> =>
  asking.ask('setData', Buffer.concat([text(path), dataOf(value), int(version)]))

/** Creates a node that anybody may change. */
export const create = (asking: Asking, path: string, value: Json): Promise<Buffer | Trouble> =>
  asking.ask('create', Buffer.concat([text(path), dataOf(value), OPEN_TO_ALL, int(PERSISTENT)]))

const dataOf = (value: Json): Buffer => bytes(Buffer.from(JSON.stringify(value)))

const OPEN_TO_ALL = Buffer.concat([int(1), int(ALL_PERMISSIONS), text('world'), text('anyone')])

/** Whether the server answered with this error. */
export const isCode = (answer: Buffer | Trouble, code: number): boolean => isTrouble(answer) && answer.code === code

/** Whether a node was not created because it exists. */
export const isThere = (answer: Buffer | Trouble): boolean => isCode(answer, NODE_EXISTS)

/** The first write of a register creates its node. */
async function write(asking: Asking, path: string, value: Json): Promise<Completion> {
  const done = await set(asking, path, value, ANY_VERSION)
  if (!isCode(done, NO_NODE)) return completionOf(done, value)
  const created = await create(asking, path, value)
  if (!isThere(created)) return completionOf(created, value)
  return completionOf(await set(asking, path, value, ANY_VERSION), value)
}

const completionOf = (done: Buffer | Trouble, value: Json): Completion =>
  isTrouble(done) ? { type: done.type, error: done.error } : { type: 'ok', value }

async function compareAndSet(
  asking: Asking,
  path: string,
  { value, sync }: { readonly value: Json; readonly sync: boolean },
): Promise<Completion> {
  const [old = null, next = null] = value as readonly Json[]
  const expected = JSON.stringify(old)
  do {
    const held = await get(asking, path, sync)
    if (isTrouble(held)) return held
    if (JSON.stringify(held.value) !== expected) return { type: 'fail', error: 'mismatch', answered: true }
    const done =
      held.version === undefined ? await create(asking, path, next) : await set(asking, path, next, held.version)
    if (!isThere(done) && !isCode(done, BAD_VERSION)) return completionOf(done, value)
  } while (await asking.pause())
  return { type: 'fail', error: 'other clients wrote each time' }
}
