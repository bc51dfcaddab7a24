import type { Completion, Input, Json } from '@chaosproxy/history'
import { bodyIn, isTrouble, numberIn, type Trouble } from '@chaosproxy/targets/database'
import type { NatsMessage } from '@chaosproxy/wire/nats'
import { type Asking, api, askJetStream, tokenOf, UNLIMITED } from './jetstream.ts'

/** The stream behind the bucket, as NATS clients create it: one message per key. */
export const BUCKET = 'KV_chaos'
const PREFIX = '$KV.chaos.'

export const bucketConfig = (replicas: number, isDirect: boolean): object => ({
  name: BUCKET,
  subjects: [`${PREFIX}>`],
  ...{ storage: 'file', retention: 'limits', discard: 'new', num_replicas: replicas },
  ...{ max_msgs_per_subject: 1, ...UNLIMITED },
  ...{ allow_direct: isDirect, allow_rollup_hdrs: true, deny_delete: true },
})

/** The value of a key. `revision` is 0 if the key was never written. */
interface Held {
  readonly value: Json
  readonly revision: number
}

const DELETED = { 'KV-Operation': 'DEL' } as const

/** Carries out an operation on a register. If `isDirect`, any replica may reply to a read. */
export async function onBucket(asking: Asking, { f, key = '', value }: Input, isDirect: boolean): Promise<Completion> {
  switch (f) {
    case 'read':
      return read(asking, key, isDirect)
    case 'write': {
      const put = await write(asking, key, value)
      return isTrouble(put) ? put : { type: 'ok', value }
    }
    case 'cas':
      return compareAndSet(asking, { key, value }, isDirect)
    default:
      throw new Error(`a bucket does not support the operation ${f}`)
  }
}

async function read(asking: Asking, key: string, isDirect: boolean): Promise<Completion> {
  const held = await get(asking, key, isDirect)
  return isTrouble(held) ? held : { type: 'ok', value: held.value }
}

async function compareAndSet(asking: Asking, { key, value }: { key: string; value: Json }, isDirect: boolean) {
  const [old = null, next = null] = value as readonly Json[]
  const expected = JSON.stringify(old)
  do {
    const held = await get(asking, key, isDirect)
    // No write was sent yet, so this failure is definite.
    if (isTrouble(held)) return { type: 'fail', error: held.error } as const
    if (JSON.stringify(held.value) !== expected) return { type: 'fail', error: 'mismatch', answered: true } as const
    const put = await write(asking, key, next, held.revision)
    if (!isTrouble(put)) return { type: 'ok', value } as const
    if (!isConflict(put)) return put
  } while (await asking.pause())
  return { type: 'fail', error: 'every attempt conflicted with a write of another client' } as const
}

const isConflict = ({ error }: Trouble): boolean => error.includes('wrong last sequence')

async function write(asking: Asking, key: string, value: Json, revision?: number): Promise<number | Trouble> {
  const headers = {
    ...(revision === undefined ? {} : { 'Nats-Expected-Last-Subject-Sequence': String(revision) }),
    ...(value === null ? DELETED : {}),
  }
  const done = await askJetStream(asking, {
    subject: PREFIX + tokenOf(key),
    payload: value === null ? '' : JSON.stringify(value),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  })
  return isTrouble(done) ? done : numberIn(done, 'seq')
}

const NOTHING: Held = { value: null, revision: 0 }
const NOT_FOUND = 404

function get(asking: Asking, key: string, isDirect: boolean): Promise<Held | Trouble> {
  return isDirect ? getDirect(asking, key) : getFromLeader(asking, key)
}

async function getDirect(asking: Asking, key: string): Promise<Held | Trouble> {
  const messages = await asking.ask({ subject: `$JS.API.DIRECT.GET.${BUCKET}.${PREFIX}${tokenOf(key)}` })
  if (isTrouble(messages)) return messages
  const [message] = messages as readonly [NatsMessage]
  if (message.status === NOT_FOUND) return NOTHING
  if (message.status !== undefined) return { type: 'fail', error: `${message.status} ${message.description}` }
  const isDeleted = message.headers.get('KV-Operation') === DELETED['KV-Operation']
  return heldOf(isDeleted, message.payload.toString(), Number(message.headers.get('Nats-Sequence')))
}

async function getFromLeader(asking: Asking, key: string): Promise<Held | Trouble> {
  const body = await api(asking, `STREAM.MSG.GET.${BUCKET}`, { last_by_subj: PREFIX + tokenOf(key) })
  if (isTrouble(body)) return body.error.includes('no message found') ? NOTHING : body
  const message = bodyIn(body, 'message')
  const decoded = (member: string) => Buffer.from(String(message[member] ?? ''), 'base64').toString()
  const isDeleted = decoded('hdrs').includes(`KV-Operation: ${DELETED['KV-Operation']}`)
  return heldOf(isDeleted, decoded('data'), numberIn(message, 'seq'))
}

function heldOf(isDeleted: boolean, text: string, revision: number): Held | Trouble {
  if (!(revision > 0)) return { type: 'fail', error: 'an answer without a revision' }
  if (isDeleted) return { value: null, revision }
  try {
    return { value: JSON.parse(text) as Json, revision }
  } catch {
    return { type: 'fail', error: `a value that is no JSON: ${text.slice(0, 80)}` }
  }
}
