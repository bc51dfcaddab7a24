/** What an etcd error says about its request. `fail`: it certainly had no effect; `info`: it may have. */
export interface ErrorMeaning {
  /** A part of the message. */
  readonly says: string
  readonly type: 'fail' | 'info'
  readonly why: string
}

/**
 * The errors seen from etcd 3.4, by message: gRPC statuses are too coarse, since `Unavailable` covers both kinds. Any
 * other error is `info`.
 */
export const etcdErrors: readonly ErrorMeaning[] = [
  { says: 'key is not provided', type: 'fail', why: 'refused before it is proposed' },
  { says: 'value is provided', type: 'fail', why: 'refused before it is proposed' },
  { says: 'lease is provided', type: 'fail', why: 'refused before it is proposed' },
  { says: 'duplicate key given in txn request', type: 'fail', why: 'refused before it is proposed' },
  { says: 'too many operations in txn request', type: 'fail', why: 'refused before it is proposed' },
  { says: 'request is too large', type: 'fail', why: 'refused before it is proposed' },
  { says: 'too large lease TTL', type: 'fail', why: 'every member refuses it alike' },
  { says: 'requested lease not found', type: 'fail', why: 'every member refuses it alike' },
  { says: 'lease already exists', type: 'fail', why: 'every member refuses it alike' },
  { says: 'required revision has been compacted', type: 'fail', why: 'every member refuses it alike' },
  { says: 'required revision is a future revision', type: 'fail', why: 'every member refuses it alike' },
  { says: 'database space exceeded', type: 'fail', why: 'every member refuses it alike' },
  { says: 'request timed out', type: 'info', why: 'it is proposed, and may be applied later' },
  { says: 'context deadline exceeded', type: 'info', why: 'it is proposed, and may be applied later' },
]

const UNKNOWN: ErrorMeaning = { says: '', type: 'info', why: 'an error that is not in the table' }

/** The outcome of a request that was answered with this error. */
export const meaningOf = (message: string): ErrorMeaning =>
  etcdErrors.find(({ says }) => message.includes(says)) ?? UNKNOWN
