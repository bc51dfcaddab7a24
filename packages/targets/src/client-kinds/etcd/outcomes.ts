import type { ErrorMeaning } from '@chaosproxy/history'
import { eachMeans } from '../../clients/outcome-of.ts'

/**
 * The known errors of etcd 3.4, by message. Statuses of gRPC are too coarse: `Unavailable` covers both definite and
 * unknown failures. An error that is not listed is `info`.
 */
export const etcdErrors: readonly ErrorMeaning[] = [
  ...eachMeans('fail', 'refused before it is proposed', [
    'key is not provided',
    'value is provided',
    'lease is provided',
    'duplicate key given in txn request',
    'too many operations in txn request',
    'request is too large',
  ]),
  ...eachMeans('fail', 'every member refuses the request', [
    'too large lease TTL',
    'requested lease not found',
    'lease already exists',
    'required revision has been compacted',
    'required revision is a future revision',
  ]),
  {
    texts: ['database space exceeded'],
    means: 'info',
    why: 'a member may apply the change and still return this error',
  },
  ...eachMeans('info', 'the request is proposed, and may be applied later', [
    'request timed out',
    'context deadline exceeded',
  ]),
]
