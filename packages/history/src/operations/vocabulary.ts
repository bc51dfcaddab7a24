/** What an operation does to its object. */
type Effect =
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
  | 'acquires'
  | 'releases'
  /** Whatever its micro-operations do. */
  | 'transacts'
  /** What nobody needs any more is given up: a message that was handled, old revisions. */
  | 'settles'
  /** Nothing: it decides what its client polls. */
  | 'follows'
  /** Nothing: it says of which changes its client is told, or returns them. */
  | 'watches'

/** What an operation is invoked with: a pair is the expected value and the new one; options may be left out. */
type Takes = 'nothing' | 'value' | 'pair' | 'options'

/** What an `ok` says besides that it was done. */
type Answers =
  | 'nothing'
  /** A reply in the words of the store or its driver, such as a new count, which is no result. */
  | 'reply'
  /** A result, if the store has one. */
  | 'perhaps'
  /** What the client goes on with: a token, an offset, the changes of a watch. */
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
 * The operations of all models, by name. What they do is said here and nowhere else: `scripts/architecture.test.ts`
 * forbids other lists of their names.
 */
export const vocabulary: { readonly [f: string]: Meaning } = {
  read: { effect: 'reads', takes: 'nothing', answers: 'value', did: 'read', aliases: ['get'] },
  write: { effect: 'replaces', takes: 'value', answers: 'nothing' },
  // Of a watched key, the answer is its revision.
  put: { effect: 'replaces', takes: 'value', answers: 'reply' },
  cas: { effect: 'replaces', takes: 'pair', answers: 'nothing' },
  delete: { effect: 'removes', takes: 'nothing', answers: 'receipt' },

  add: { effect: 'adds', takes: 'value', answers: 'reply', accumulates: true, did: 'added' },
  increment: { effect: 'adds', takes: 'value', answers: 'perhaps', accumulates: true, aliases: ['inc'] },
  subtract: { effect: 'adds', takes: 'value', answers: 'reply', accumulates: true },
  decrement: { effect: 'adds', takes: 'value', answers: 'perhaps', accumulates: true, aliases: ['dec'] },
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
  ack: { effect: 'settles', takes: 'value', answers: 'perhaps' },
  nack: { effect: 'settles', takes: 'value', answers: 'perhaps' },
  remaining: { effect: 'reads', takes: 'nothing', answers: 'value' },

  acquire: { effect: 'acquires', takes: 'nothing', answers: 'receipt', did: 'acquired the lock', aliases: ['lock'] },
  release: { effect: 'releases', takes: 'nothing', answers: 'reply', did: 'released the lock', aliases: ['unlock'] },

  transfer: { effect: 'moves', takes: 'value', answers: 'reply', accumulates: true, did: 'transferred' },
  deposit: { effect: 'moves', takes: 'value', answers: 'perhaps', accumulates: true },
  withdraw: { effect: 'moves', takes: 'value', answers: 'perhaps', accumulates: true },

  generate: { effect: 'takes', takes: 'nothing', answers: 'value', did: 'was given' },
  txn: { effect: 'transacts', takes: 'value', answers: 'receipt', aliases: ['transact'] },

  poll: { effect: 'reads', takes: 'options', answers: 'value' },
  assign: { effect: 'follows', takes: 'options', answers: 'receipt' },
  subscribe: { effect: 'follows', takes: 'options', answers: 'perhaps' },
  commit_offsets: { effect: 'settles', takes: 'value', answers: 'perhaps' },
  crash: { effect: 'follows', takes: 'nothing', answers: 'perhaps' },

  watch: { effect: 'watches', takes: 'options', answers: 'receipt' },
  watched: { effect: 'watches', takes: 'options', answers: 'receipt' },
  unwatch: { effect: 'watches', takes: 'options', answers: 'perhaps' },
  changes: { effect: 'reads', takes: 'options', answers: 'receipt' },
  compact: { effect: 'settles', takes: 'options', answers: 'perhaps' },
}
