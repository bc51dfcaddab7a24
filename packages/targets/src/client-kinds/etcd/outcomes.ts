import type { ErrorMeaning } from '@chaosproxy/history'

/**
 * The known errors of etcd 3.4, by message. Statuses of gRPC are too coarse: `Unavailable` covers both definite and
 * unknown failures. An error that is not listed is `info`.
 */
export const etcdErrors: readonly ErrorMeaning[] = [
  { texts: ['key is not provided'], means: 'fail', why: 'refused before it is proposed' },
  { texts: ['value is provided'], means: 'fail', why: 'refused before it is proposed' },
  { texts: ['lease is provided'], means: 'fail', why: 'refused before it is proposed' },
  { texts: ['duplicate key given in txn request'], means: 'fail', why: 'refused before it is proposed' },
  { texts: ['too many operations in txn request'], means: 'fail', why: 'refused before it is proposed' },
  { texts: ['request is too large'], means: 'fail', why: 'refused before it is proposed' },
  { texts: ['too large lease TTL'], means: 'fail', why: 'every member refuses it alike' },
  { texts: ['requested lease not found'], means: 'fail', why: 'every member refuses it alike' },
  { texts: ['lease already exists'], means: 'fail', why: 'every member refuses it alike' },
  { texts: ['required revision has been compacted'], means: 'fail', why: 'every member refuses it alike' },
  { texts: ['required revision is a future revision'], means: 'fail', why: 'every member refuses it alike' },
  { texts: ['database space exceeded'], means: 'fail', why: 'every member refuses it alike' },
  { texts: ['request timed out'], means: 'info', why: 'it is proposed, and may be applied later' },
  { texts: ['context deadline exceeded'], means: 'info', why: 'it is proposed, and may be applied later' },
]
