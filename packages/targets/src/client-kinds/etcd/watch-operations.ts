import type { Completion, Input, Json } from '@chaosproxy/history'
import { bodyIn, numberIn } from '../../clients/json-body.ts'
import { isTrouble } from '../../clients/trouble.ts'
import { encoded } from './gateway.ts'
import type { Operation, Perform } from './operation.ts'
import { commit, endOf, list, putStep } from './store.ts'
import { openWatchStream } from './watch-stream.ts'

const PREFIX = 'watched/'
/** The share of an operation's timeout during which the operation waits for events. */
const SHARE_OF_WAIT = 0.5
const MOST_WAIT_MS = 500

const nameOf = (key: string): string | undefined => (key.startsWith(PREFIX) ? key.slice(PREFIX.length) : undefined)

/** The operations that the `watch` model judges: writes that return their revisions, and watches. */
export const watchOperations: { readonly [f: string]: Perform } = {
  put: (operation, { key = '', value }) => putting(operation, { [key]: value }),

  async delete(operation, { key = '' }) {
    const reply = await operation.ask('/v3/kv/deleterange', { key: encoded(PREFIX + key) })
    if (reply.type !== 'ok') return reply
    const isDone = numberIn(reply.body, 'deleted') > 0
    return { type: 'ok', value: isDone ? numberIn(bodyIn(reply.body, 'header'), 'revision') : null }
  },

  txn: (operation, { value }) => putting(operation, value as Values),

  async compact(operation, { value }) {
    const reply = await operation.ask('/v3/kv/compaction', { revision: value })
    return reply.type === 'ok' ? { type: 'ok', value } : reply
  },

  changes: changesBetween,

  async watch(operation, input) {
    const { watch, key, prefix, from, previous } = input.value as unknown as WatchText
    const range = key === undefined ? PREFIX + (prefix ?? '') : undefined
    const stream = await openWatchStream({
      address: operation.address,
      request: {
        key: encoded(range ?? PREFIX + key),
        ...(range === undefined ? {} : { range_end: encoded(endOf(range)) }),
        ...(from === undefined ? {} : { start_revision: from }),
        prev_kv: previous === true,
        progress_notify: true,
      },
      nameOf,
      timeoutMs: operation.remainingMs(),
    })
    if (isTrouble(stream)) return stream
    operation.streams.set(watch, stream)
    return { type: 'ok', value: { revision: stream.present } }
  },

  async watched(operation, input) {
    const watch = watchIn(input)
    const stream = operation.streams.get(watch)
    if (stream === undefined) return { type: 'fail', error: `watch ${watch} is not open here` }
    const taken = await stream.take(Math.min(MOST_WAIT_MS, operation.remainingMs() * SHARE_OF_WAIT))
    if (!isTrouble(taken)) return { type: 'ok', value: taken }
    operation.streams.delete(watch)
    return taken
  },

  async unwatch(operation, input) {
    const watch = watchIn(input)
    operation.streams.get(watch)?.close()
    operation.streams.delete(watch)
    return { type: 'ok', value: input.value }
  },
}

interface Values {
  readonly [key: string]: Json
}

async function putting(operation: Operation, values: Values): Promise<Completion> {
  const steps = Object.entries(values).map(([key, value]) => putStep(PREFIX + key, value))
  const done = await commit(operation, [], steps)
  return isTrouble(done) ? done : { type: 'ok', value: done.revision }
}

/**
 * Compares the keys at consecutive revisions up to the present one, as far as time allows. A past revision never
 * changes, so each read may happen at any time.
 */
async function changesBetween(operation: Operation, input: Input): Promise<Completion> {
  const { from, to: last } = input.value as unknown as { readonly from: number; readonly to?: number }
  const changes: Json[] = []
  let to = from - 1
  let before = await list(operation, PREFIX, to)
  if (isTrouble(before)) return before
  const end = last ?? before.revision
  while (to < end && operation.remainingMs() > 0) {
    const now = await list(operation, PREFIX, to + 1)
    if (isTrouble(now)) break
    to++
    const left = new Set(now.held.map(({ key }) => key))
    for (const { key, value, modified } of now.held)
      if (modified === to) changes.push({ revision: to, key: nameOf(key) ?? key, value })
    for (const { key } of before.held) if (!left.has(key)) changes.push({ revision: to, key: nameOf(key) ?? key })
    before = now
  }
  if (to < from && end >= from) return { type: 'fail', error: `revision ${from} could not be read` }
  return { type: 'ok', value: { from, to, changes } }
}

export const readAll: Perform = async (operation) => {
  const listing = await list(operation, PREFIX)
  if (isTrouble(listing)) return listing
  return { type: 'ok', value: Object.fromEntries(listing.held.map(({ key, value }) => [nameOf(key) ?? key, value])) }
}

interface WatchText {
  readonly watch: number
  readonly key?: string
  readonly prefix?: string
  readonly from?: number
  readonly previous?: boolean
}

const watchIn = ({ value }: Input): number => (value as unknown as WatchText).watch
