/** What an operation does to its object. */
export type Effect =
  /** Nothing: it returns what is there. */
  | 'reads'
  /** The whole value is replaced. */
  | 'replaces'
  /** An amount is added, or taken off. */
  | 'adds'
  /** An element or a message comes after those that are there. */
  | 'appends'
  | 'removes'
  /** What it returns is given to nobody else. */
  | 'takes'
  /** The same, of all that is left. */
  | 'drains'
  /** Money comes into an account, leaves it, or both. */
  | 'moves'
  /** What was there earlier can no longer be read. */
  | 'forgets'
  | 'acquires'
  | 'releases'
  /** Whatever its micro-operations do. */
  | 'transacts'
  /** A message that was taken is done with, or given back. */
  | 'settles'
  /** Nothing: it decides what its client polls. */
  | 'follows'
  /** Nothing: it says of which changes its client is told, or returns them. */
  | 'watches'

/** What an operation is invoked with. */
export type Takes =
  | 'nothing'
  | 'value'
  /** The expected value and the new one. */
  | 'pair'
  /** A number; one if it is left out. */
  | 'amount'
  /** Accounts and an amount. */
  | 'movement'
  /** What an earlier operation returned. */
  | 'receipt'
  /** How to do it: a range, a lease. */
  | 'options'
  | 'micro-operations'

/** What an `ok` says besides that it was done. */
export type Answers =
  | 'nothing'
  /** A reply in the words of the store or its driver, such as a new count, which is no result. */
  | 'reply'
  /** A result, if the store has one. */
  | 'perhaps'
  /** What the client has to keep: a token, an offset. */
  | 'receipt'
  /** What it was called for. */
  | 'value'

/** What an operation means wherever a model gives its name no other meaning. */
export interface Meaning {
  readonly effect: Effect
  readonly takes: Takes
  readonly answers: Answers
  /** What it brings counts each time: done twice, the object has it twice. */
  readonly accumulates?: boolean
  /** What its client did, in a sentence, before the value: `enqueued`. Absent: `called f`. */
  readonly did?: string
  /** Other names of the same operation. */
  readonly aliases?: readonly string[]
}

/**
 * The operations of all models, by name. What they do is said here and nowhere else: `scripts/vocabulary.test.ts` forbids
 * other lists of their names.
 */
export const vocabulary: { readonly [f: string]: Meaning } = {
  read: { effect: 'reads', takes: 'nothing', answers: 'value', did: 'read', aliases: ['get'] },
  write: { effect: 'replaces', takes: 'value', answers: 'nothing' },
  // Of a watched key, the answer is its revision.
  put: { effect: 'replaces', takes: 'value', answers: 'reply' },
  cas: { effect: 'replaces', takes: 'pair', answers: 'nothing' },
  delete: { effect: 'removes', takes: 'nothing', answers: 'receipt' },

  add: { effect: 'adds', takes: 'amount', answers: 'reply', accumulates: true, did: 'added' },
  increment: { effect: 'adds', takes: 'amount', answers: 'perhaps', accumulates: true, aliases: ['inc'] },
  subtract: { effect: 'adds', takes: 'amount', answers: 'reply', accumulates: true },
  decrement: { effect: 'adds', takes: 'amount', answers: 'perhaps', accumulates: true, aliases: ['dec'] },
  remove: { effect: 'removes', takes: 'value', answers: 'reply', did: 'removed' },
  contains: { effect: 'reads', takes: 'value', answers: 'value', did: 'asked for' },

  append: { effect: 'appends', takes: 'value', answers: 'reply', accumulates: true, did: 'appended' },
  enqueue: { effect: 'appends', takes: 'value', answers: 'reply', accumulates: true, did: 'enqueued' },
  publish: { effect: 'appends', takes: 'value', answers: 'perhaps', accumulates: true, did: 'enqueued' },
  // Of a log, the answer is the offset.
  send: { effect: 'appends', takes: 'value', answers: 'receipt', accumulates: true, did: 'enqueued' },
  dequeue: { effect: 'takes', takes: 'nothing', answers: 'value', did: 'dequeued', aliases: ['receive', 'consume'] },
  drain: { effect: 'drains', takes: 'nothing', answers: 'value', did: 'drained' },
  take: { effect: 'takes', takes: 'options', answers: 'value' },
  ack: { effect: 'settles', takes: 'receipt', answers: 'perhaps' },
  nack: { effect: 'settles', takes: 'receipt', answers: 'perhaps' },
  remaining: { effect: 'reads', takes: 'nothing', answers: 'value' },

  acquire: { effect: 'acquires', takes: 'nothing', answers: 'receipt', did: 'acquired the lock', aliases: ['lock'] },
  release: { effect: 'releases', takes: 'nothing', answers: 'reply', did: 'released the lock', aliases: ['unlock'] },

  transfer: { effect: 'moves', takes: 'movement', answers: 'reply', accumulates: true, did: 'transferred' },
  deposit: { effect: 'moves', takes: 'movement', answers: 'perhaps', accumulates: true },
  withdraw: { effect: 'moves', takes: 'movement', answers: 'perhaps', accumulates: true },

  generate: { effect: 'takes', takes: 'nothing', answers: 'value', did: 'was given' },
  txn: { effect: 'transacts', takes: 'micro-operations', answers: 'receipt', aliases: ['transact'] },

  poll: { effect: 'reads', takes: 'options', answers: 'value' },
  assign: { effect: 'follows', takes: 'options', answers: 'receipt' },
  subscribe: { effect: 'follows', takes: 'options', answers: 'perhaps' },
  commit_offsets: { effect: 'settles', takes: 'receipt', answers: 'perhaps' },
  crash: { effect: 'follows', takes: 'nothing', answers: 'perhaps' },

  watch: { effect: 'watches', takes: 'options', answers: 'receipt' },
  watched: { effect: 'watches', takes: 'options', answers: 'value' },
  unwatch: { effect: 'watches', takes: 'options', answers: 'perhaps' },
  changes: { effect: 'reads', takes: 'options', answers: 'value' },
  compact: { effect: 'forgets', takes: 'options', answers: 'perhaps' },
}
