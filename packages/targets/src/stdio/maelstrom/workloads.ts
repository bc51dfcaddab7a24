import { type Completion, type Input, isObject, type Json } from '@chaosproxy/history'
import type { Settings } from '@chaosproxy/workloads'
import { type Body, KEY_DOES_NOT_EXIST } from './message.ts'

/** A workload of Maelstrom: its requests, and the workload whose clients send them. */
export interface RpcWorkload {
  /** The name for Maelstrom's option `-w`. */
  readonly name: string
  /** The corresponding workload of chaos, and its settings. */
  readonly workload: string
  readonly settings: Settings
  readonly functions: readonly string[]
  readonly object: string
  /** The level that a correct program keeps under faults of the network. */
  readonly promises: string
  /** The default faults of a run; if absent, a partition. */
  readonly faults?: readonly string[]
  request(input: Input, serial: number): Body
  /**
   * Returns the completion of the request with this number. If the reply does not fit the request, returns the reason.
   */
  completion(reply: Body, input: Input, serial: number): Completion | string
  /** Returns the completion for an error that answers the request; undefined for any other. */
  error?(reply: Body, input: Input): Completion | undefined
}

const ok = (value: Json): Completion => ({ type: 'ok', value })

/** Each run has a single set, which is never replaced and never shrinks. */
const ONE_GROWING_SET: Settings = { keys: 1, size: 10_000, removes: 0 }

const grownSet = (name: string, add: (element: Json) => Body, member: string): RpcWorkload => ({
  name,
  workload: 'set',
  settings: ONE_GROWING_SET,
  functions: ['add', 'read'],
  object: 'set',
  promises: 'eventual',
  request: ({ f, value }) => (f === 'read' ? { type: 'read' } : add(value)),
  completion(reply, { f, value }) {
    if (f === 'add') return ok(value)
    const elements = reply[member]
    return Array.isArray(elements) ? ok(elements) : `has no list "${member}"`
  },
})

const counted = (name: string): RpcWorkload => ({
  name,
  workload: 'counter',
  settings: { keys: 1, amount: 5 },
  functions: ['add', 'read'],
  object: 'counter',
  promises: 'eventual',
  request: ({ f, value }) => (f === 'read' ? { type: 'read' } : { type: 'add', delta: value }),
  completion({ value: read }, { f, value }) {
    if (f === 'add') return ok(value)
    return typeof read === 'number' ? ok(read) : 'has no number "value"'
  },
})

const transactions = (name: 'txn-list-append' | 'txn-rw-register'): RpcWorkload => ({
  name,
  workload: name,
  settings: {},
  functions: ['txn'],
  object: 'transactions',
  promises: 'strict-serializable',
  request: ({ value }) => ({ type: 'txn', txn: value }),
  completion({ txn = null }, { value }) {
    const length = Array.isArray(value) ? value.length : 0
    return Array.isArray(txn) && txn.length === length && txn.every(Array.isArray)
      ? ok(txn)
      : `has no list "txn" of ${length} operations`
  },
})

const linKv: RpcWorkload = {
  name: 'lin-kv',
  workload: 'register',
  settings: {},
  functions: ['read', 'write', 'cas'],
  object: 'register',
  promises: 'linearizable',
  request({ f, key = '', value }) {
    if (f === 'read') return { type: 'read', key }
    if (f === 'write') return { type: 'write', key, value }
    const [from = null, to = null] = Array.isArray(value) ? value : []
    return { type: 'cas', key, from, to }
  },
  completion: (reply, { f, value }) => {
    if (f !== 'read') return ok(value)
    return reply['value'] === undefined ? 'has no "value"' : ok(reply['value'])
  },
  error: ({ code }, { f }) => (f === 'read' && code === KEY_DOES_NOT_EXIST ? ok(null) : undefined),
}

const uniqueIds: RpcWorkload = {
  name: 'unique-ids',
  workload: 'unique-ids',
  settings: {},
  functions: ['generate'],
  object: 'ids',
  promises: 'linearizable',
  request: () => ({ type: 'generate' }),
  completion: ({ id }) => (id === undefined || id === null ? 'has no "id"' : ok(id)),
}

/** The model only checks that all texts are unique. A reply is compared with its request when it arrives. */
const echo: RpcWorkload = {
  ...uniqueIds,
  name: 'echo',
  // Nodes do not send messages to each other, so no link can be cut.
  faults: [],
  request: (_, serial) => ({ type: 'echo', echo: textOf(serial) }),
  completion: ({ echo: text }, _, serial) =>
    text === textOf(serial) ? ok(text) : `echoes ${JSON.stringify(text ?? null)} for ${JSON.stringify(textOf(serial))}`,
}

const textOf = (serial: number): string => `Please echo ${serial}`

const isOffset = (json: Json | undefined): boolean => typeof json === 'number' && Number.isSafeInteger(json)

const isPair = (pair: Json): boolean => Array.isArray(pair) && pair.length === 2 && isOffset(pair[0])

const kafka: RpcWorkload = {
  name: 'kafka',
  workload: 'stream',
  settings: {},
  functions: ['send', 'poll', 'assign', 'commit_offsets'],
  object: 'stream',
  promises: 'faithful',
  request({ f, key = '', value }) {
    if (f === 'send') return { type: 'send', key, msg: value }
    return f === 'assign' ? { type: 'list_committed_offsets', keys: value } : { type: f, offsets: value }
  },
  completion({ offset = null, msgs = null, offsets = null }, { f, value }) {
    if (f === 'send') return isOffset(offset) ? ok(offset) : 'has no whole number "offset"'
    if (f === 'commit_offsets') return ok(value)
    if (f === 'assign')
      return isObject(offsets) && Object.values(offsets).every(isOffset)
        ? ok(offsets)
        : 'has no "offsets", whole numbers by key'
    return isObject(msgs) && Object.values(msgs).every((pairs) => Array.isArray(pairs) && pairs.every(isPair))
      ? ok(msgs)
      : 'has no "msgs": for each key, a list of pairs of offset and message'
  },
}

export const rpcWorkloads: readonly RpcWorkload[] = [
  echo,
  uniqueIds,
  grownSet('broadcast', (message) => ({ type: 'broadcast', message }), 'messages'),
  grownSet('g-set', (element) => ({ type: 'add', element }), 'value'),
  counted('g-counter'),
  counted('pn-counter'),
  linKv,
  transactions('txn-list-append'),
  transactions('txn-rw-register'),
  kafka,
]
