import type { Json } from '@chaosproxy/history'
import { type Body, bodyIn, listIn, numberIn } from '../../clients/json-body.ts'
import type { Trouble } from '../../clients/trouble.ts'
import { decodedIn, encoded, type Reply } from './gateway.ts'

/** The context of one operation, which sends one request at a time until its deadline. */
export interface Asking {
  ask(path: string, request: object): Promise<Reply>
  readonly serializable: boolean
}

export interface Held {
  readonly key: string
  readonly value: Json
  readonly modified: number
}

export async function get(asking: Asking, key: string): Promise<{ readonly held: Held | undefined } | Trouble> {
  const reply = await asking.ask('/v3/kv/range', { key: encoded(key), serializable: asking.serializable })
  if (reply.type !== 'ok') return nothingDone(reply)
  const [kv] = listIn(reply.body, 'kvs')
  return { held: kv === undefined ? undefined : heldIn(kv) }
}

interface Listing {
  readonly held: readonly Held[]
  readonly revision: number
}

/** Lists all keys with a prefix, in order. A past revision can be given. */
export async function list(asking: Asking, prefix: string, revision?: number): Promise<Listing | Trouble> {
  const range = { key: encoded(prefix), range_end: encoded(endOf(prefix)), serializable: asking.serializable }
  const reply = await asking.ask('/v3/kv/range', revision === undefined ? range : { ...range, revision })
  if (reply.type !== 'ok') return nothingDone(reply)
  return { held: listIn(reply.body, 'kvs').map(heldIn), revision: numberIn(bodyIn(reply.body, 'header'), 'revision') }
}

/** Returns the smallest key greater than every key with the prefix. */
export const endOf = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)

const heldIn = (kv: Body): Held => ({
  key: decodedIn(kv, 'key'),
  value: valueIn(decodedIn(kv, 'value')),
  modified: numberIn(kv, 'mod_revision'),
})

/** Parses a value, which is stored as JSON. Any other text was written by another program, and stays a string. */
export function valueIn(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

const kept = (value: Json): string => encoded(JSON.stringify(value))

export interface Compare {
  readonly key: string
  readonly target: 'CREATE' | 'MOD' | 'VALUE'
  readonly result: 'EQUAL'
  readonly create_revision?: string
  readonly mod_revision?: string
  readonly value?: string
}

/**
 * Returns the condition that a key was created at a revision. At revision 0, the condition is that the key does not
 * exist.
 */
export const createdAt = (key: string, revision: number): Compare => ({
  ...{ key: encoded(key), target: 'CREATE', result: 'EQUAL' },
  create_revision: String(revision),
})

export const modifiedAt = (key: string, revision: number): Compare => ({
  ...{ key: encoded(key), target: 'MOD', result: 'EQUAL' },
  mod_revision: String(revision),
})

export const holds = (key: string, value: Json): Compare => ({
  ...{ key: encoded(key), target: 'VALUE', result: 'EQUAL' },
  value: kept(value),
})

export type Step =
  | { readonly request_put: { readonly key: string; readonly value: string; readonly lease?: string } }
  | { readonly request_delete_range: { readonly key: string } }

export const putStep = (key: string, value: Json, lease?: string): Step => ({
  request_put: { key: encoded(key), value: kept(value), ...(lease === undefined ? {} : { lease }) },
})

export const deleteStep = (key: string): Step => ({ request_delete_range: { key: encoded(key) } })

interface Committed {
  readonly succeeded: boolean
  readonly revision: number
}

export async function commit(
  asking: Asking,
  compare: readonly Compare[],
  success: readonly Step[],
): Promise<Committed | Trouble> {
  const reply = await asking.ask('/v3/kv/txn', { compare, success, failure: [] })
  if (reply.type !== 'ok') return reply
  return {
    succeeded: reply.body['succeeded'] === true,
    revision: numberIn(bodyIn(reply.body, 'header'), 'revision'),
  }
}

/** A failed read has no effect, whatever the error. */
const nothingDone = ({ error }: Trouble): Trouble => ({ type: 'fail', error })
