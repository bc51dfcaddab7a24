import type { Json } from '@chaosproxy/history'
import { isTrouble } from '@chaosproxy/targets/database'
import { boolean, bytes, int, recordReader, text } from '@chaosproxy/wire/jute'
import { type Operation, operationNumber } from './replies.ts'
import { type Asking, type SessionTrouble, troubleOf } from './session.ts'

/** The path of the ZooKeeper node under which a run creates all its nodes. */
export const ROOT = '/chaos'

/** Returns the path of an object's node. The children of this node form the lock of the object. */
export const pathOf = (key: string): string => `${ROOT}/${encodeURIComponent(key).replaceAll('.', '%2E')}`

export const NO_NODE = -101
export const BAD_VERSION = -103
const NODE_EXISTS = -110
export const ANY_VERSION = -1
const ALL_PERMISSIONS = 31

/** Kinds of nodes: an ephemeral one ends with its session, a sequential one gets a number in its name. */
const PERSISTENT = 0
const EPHEMERAL_SEQUENTIAL = 3

/** The content of an object. Without a node, the value is null, and the version is undefined. */
export interface Held {
  readonly value: Json
  readonly version: number | undefined
}

/** Reads an object. If `sync`, the server first gets all committed changes. */
export async function get(asking: Asking, path: string, sync: boolean): Promise<Held | SessionTrouble> {
  const synced = sync ? await asking.ask('sync', text(path)) : undefined
  // Nothing has been read.
  if (synced !== undefined && isTrouble(synced)) return { type: 'fail', error: `sync: ${synced.error}` }
  const answer = await asking.ask('getData', Buffer.concat([text(path), boolean(false)]))
  if (!isTrouble(answer)) return understood(answer, heldIn)
  // A read without a reply has changed nothing.
  return answer.code === NO_NODE ? { value: null, version: undefined } : { type: 'fail', error: answer.error }
}

function heldIn(record: Buffer): Held {
  const reader = recordReader(record)
  const data = reader.bytes().toString()
  // Skips the first four numbers of ZooKeeper's `Stat`: czxid, mzxid, ctime and mtime.
  for (let member = 0; member < 4; member++) reader.long()
  return { value: JSON.parse(data) as Json, version: reader.int() }
}

function understood<T extends object>(record: Buffer, read: (record: Buffer) => T): T | SessionTrouble {
  try {
    return read(record)
  } catch (error) {
    return { type: 'fail', error: `a reply that is not understood: ${error instanceof Error ? error.message : error}` }
  }
}

export const set = (asking: Asking, path: string, value: Json, version: number): Promise<Buffer | SessionTrouble> =>
  asking.ask('setData', setting(path, value, version))

const setting = (path: string, value: Json, version: number): Buffer =>
  Buffer.concat([text(path), dataOf(value), int(version)])

/** Sets the node at `path` if a node exists at `there`, in one transaction. */
export async function setWhile(
  asking: Asking,
  there: string,
  { path, value }: { readonly path: string; readonly value: Json },
): Promise<Buffer | SessionTrouble> {
  const steps = [
    ...[stepHeader('check'), text(there), int(ANY_VERSION)],
    ...[stepHeader('setData'), setting(path, value, ANY_VERSION)],
  ]
  const answer = await asking.ask('multi', Buffer.concat([...steps, LAST_STEP]))
  if (isTrouble(answer)) return answer
  const done = understood(answer, (record) => errorIn(record) ?? record)
  // The transaction may have been carried out.
  return isTrouble(done) && done.code === undefined ? { type: 'info', error: done.error } : done
}

const FAILED = -1

/**
 * Returns the error that made a transaction fail. The reply has an error code for each step, and every code except that
 * of the cause is 0.
 */
function errorIn(record: Buffer): SessionTrouble | undefined {
  const reader = recordReader(record)
  for (;;) {
    const step = reader.int()
    const isLast = reader.boolean()
    reader.int()
    if (step !== FAILED || isLast) return undefined
    const code = reader.int()
    if (code !== 0) return troubleOf(code)
  }
}

const stepHeader = (operation: Operation): Buffer =>
  Buffer.concat([int(operationNumber(operation)), boolean(false), int(-1)])
const LAST_STEP = Buffer.concat([int(-1), boolean(true), int(-1)])

/** Creates a node that every client may change. */
export const create = (asking: Asking, path: string, value: Json): Promise<Buffer | SessionTrouble> =>
  asking.ask('create', creating(path, value, PERSISTENT))

const creating = (path: string, value: Json, flags: number): Buffer =>
  Buffer.concat([text(path), dataOf(value), OPEN_TO_ALL, int(flags)])

export interface Created {
  readonly path: string
  readonly zxid: number
}

/** Creates a numbered node that lives as long as its session. */
export async function createSequential(asking: Asking, path: string): Promise<Created | SessionTrouble> {
  const answer = await asking.ask('create2', creating(path, null, EPHEMERAL_SEQUENTIAL))
  if (isTrouble(answer)) return answer
  const created = understood(answer, (record) => {
    const reader = recordReader(record)
    return { path: reader.text(), zxid: Number(reader.long()) }
  })
  // The node may have been created.
  return isTrouble(created) ? { type: 'info', error: created.error } : created
}

export async function childrenOf(asking: Asking, path: string): Promise<readonly string[] | SessionTrouble> {
  const answer = await asking.ask('getChildren', Buffer.concat([text(path), boolean(false)]))
  if (isTrouble(answer)) return { type: 'fail', error: answer.error }
  return understood(answer, (record) => {
    const reader = recordReader(record)
    return Array.from({ length: Math.max(0, reader.int()) }, () => reader.text())
  })
}

export const remove = (asking: Pick<Asking, 'ask'>, path: string): Promise<Buffer | SessionTrouble> =>
  asking.ask('delete', Buffer.concat([text(path), int(ANY_VERSION)]))

const dataOf = (value: Json): Buffer => bytes(Buffer.from(JSON.stringify(value)))

const OPEN_TO_ALL = Buffer.concat([int(1), int(ALL_PERMISSIONS), text('world'), text('anyone')])

export const isCode = (answer: object, code: number): boolean =>
  isTrouble(answer) && 'code' in answer && answer.code === code

export const isThere = (answer: object): boolean => isCode(answer, NODE_EXISTS)
