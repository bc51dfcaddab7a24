import type { ErrorMeaning } from '@chaosproxy/history'

/**
 * The known errors of etcd 3.4, by message. Statuses of gRPC are too coarse: `Unavailable` covers both definite and
 * unknown failures. An error that is not listed is `info`.
 */
export const etcdErrors: readonly ErrorMeaning[] = [
  { says: ['key is not provided'], means: 'fail', why: 'refused before it is proposed' },
  { says: ['value is provided'], means: 'fail', why: 'refused before it is proposed' },
  { says: ['lease is provided'], means: 'fail', why: 'refused before it is proposed' },
  { says: ['duplicate key given in txn request'], means: 'fail', why: 'refused before it is proposed' },
  { says: ['too many operations in txn request'], means: 'fail', why: 'refused before it is proposed' },
  { says: ['request is too large'], means: 'fail', why: 'refused before it is proposed' },
  { says: ['too large lease TTL'], means: 'fail', why: 'every member refuses it alike' },
  { says: ['requested lease not found'], means: 'fail', why: 'every member refuses it alike' },
  { says: ['lease already exists'], means: 'fail', why: 'every member refuses it alike' },
  { says: ['required revision has been compacted'], means: 'fail', why: 'every member refuses it alike' },
  { says: ['required revision is a future revision'], means: 'fail', why: 'every member refuses it alike' },
  { says: ['database space exceeded'], means: 'fail', why: 'every member refuses it alike' },
  { says: ['request timed out'], means: 'info', why: 'it is proposed, and may be applied later' },
  { says: ['context deadline exceeded'], means: 'info', why: 'it is proposed, and may be applied later' },
]
