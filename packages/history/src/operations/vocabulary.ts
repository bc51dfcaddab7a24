/** The effect of an operation on its object. */
type Effect =
  /** No effect: returns the current state. */
  | 'reads'
  /** The whole value is replaced. */
  | 'replaces'
  /** An amount is added or subtracted. */
  | 'adds'
  /** An element or a message is appended. */
  | 'appends'
  | 'removes'
  /** The returned element is removed, and no other client receives it. */
  | 'takes'
  /** All remaining elements are returned and removed. */
  | 'drains'
  /** Money is deposited, withdrawn, or transferred. */
  | 'moves'
  | 'acquires'
  | 'releases'
  /** The operation has the effects of its micro-operations. */
  | 'transacts'
  /** The client gives up data that it no longer needs: a taken message, messages before an offset, or old revisions. */
  | 'settles'
  /** The object stays the same: the operation selects what the client polls. */
  | 'follows'
  /**
   * The object stays the same. The operation chooses which changes of objects a client receives, or delivers such
   * changes to the client.
   */
  | 'watches'

/** The argument. `pair`: the expected and the new value. `options` may be absent. */
type Takes = 'nothing' | 'value' | 'pair' | 'options'

/** What an `ok` contains besides the acknowledgement. */
type Answers =
  | 'nothing'
  /** A reply of the store or its driver, such as a new count. This reply is not a result of the operation. */
  | 'reply'
  /** A result, which only some stores return. */
  | 'perhaps'
  /** Data that the client needs to continue: a token, an offset. */
  | 'receipt'
  /** The requested value. */
  | 'value'

/** What an operation usually means. A model may define another meaning for the same name. */
export interface Meaning {
  readonly effect: Effect
  readonly takes: Takes
  readonly answers: Answers
  /** Whether an operation that is executed twice takes effect twice. */
  readonly accumulates?: boolean
  /** The verb before the value in a sentence: `enqueued`. By default, `called f`. */
  readonly did?: string
  readonly aliases?: readonly string[]
}

/** The operations of all models. `scripts/architecture.test.ts` forbids other lists of their names. */
export const vocabulary: { readonly [f: string]: Meaning } = {
  read: { effect: 'reads', takes: 'nothing', answers: 'value', did: 'read', aliases: ['get'] },
  write: { effect: 'replaces', takes: 'value', answers: 'nothing' },
  // The answer to a put may contain a reply of the store. In the model `watch`, the reply is the revision of the
  // change. Such a reply is not a result of the operation (see `Answers`).
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
  // In a log, the answer is the offset of the message.
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
