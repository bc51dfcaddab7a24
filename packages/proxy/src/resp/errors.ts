/** What an error of Redis says about the command it answers. */
export interface RedisError {
  /** Its first word. */
  readonly word: string
  /** `fail`: certainly nothing was done. `info`: it may have been, or a part of it. */
  readonly means: 'fail' | 'info'
  readonly why: string
}

/**
 * Redis, Redis Cluster and Sentinel errors by their first word. Any other error is `info`, and so is a missing answer
 * (a timeout, a broken connection) or an error after part of the work, as within a script or a transaction.
 */
export const redisErrors: readonly RedisError[] = [
  { word: 'ERR', means: 'fail', why: 'a mistake in the command, found before it is carried out' },
  { word: 'WRONGTYPE', means: 'fail', why: 'the key holds another kind of value; the type is looked at first' },
  { word: 'WRONGPASS', means: 'fail', why: 'AUTH or HELLO was refused' },
  { word: 'NOAUTH', means: 'fail', why: 'looked at before the command is' },
  { word: 'NOPERM', means: 'fail', why: 'the user may not do it: looked at before the command is carried out' },
  { word: 'NOPROTO', means: 'fail', why: 'HELLO asked for an unknown protocol' },
  { word: 'OOM', means: 'fail', why: 'refused since memory is full, before it is carried out' },
  { word: 'READONLY', means: 'fail', why: 'a replica takes no writes: the client has to find the primary' },
  { word: 'LOADING', means: 'fail', why: 'the data is still being read from disk' },
  { word: 'MISCONF', means: 'fail', why: 'the disk cannot be written, and writes are refused until it can' },
  { word: 'NOREPLICAS', means: 'fail', why: 'fewer replicas than min-replicas-to-write: refused before it is applied' },
  {
    word: 'MASTERDOWN',
    means: 'fail',
    why: 'a replica without its primary, told not to answer (replica-serve-stale-data no)',
  },
  { word: 'MOVED', means: 'fail', why: 'another node of a Redis Cluster has the key' },
  { word: 'ASK', means: 'fail', why: 'the key is on its way to another node of a Redis Cluster' },
  { word: 'TRYAGAIN', means: 'fail', why: 'some keys of the command are on their way to another node' },
  { word: 'CROSSSLOT', means: 'fail', why: 'keys of several slots: found before anything is carried out' },
  { word: 'CLUSTERDOWN', means: 'fail', why: 'a Redis Cluster without all its slots refuses everything' },
  { word: 'BUSY', means: 'fail', why: 'a script runs, and everything but its end is refused' },
  { word: 'NOSCRIPT', means: 'fail', why: 'no script has this SHA-1: nothing was run' },
  {
    word: 'EXECABORT',
    means: 'fail',
    why: 'a command of the transaction was refused when it was queued: none was carried out',
  },
  { word: 'DENIED', means: 'fail', why: 'protected mode refuses the connection' },
  { word: 'BUSYKEY', means: 'fail', why: 'RESTORE found the key there' },
  { word: 'UNBLOCKED', means: 'info', why: 'the primary became a replica while a command was blocked' },
  { word: 'INPROG', means: 'fail', why: 'Sentinel has a failover under way already' },
  { word: 'NOGOODSLAVE', means: 'fail', why: 'Sentinel knows of no replica that could take over' },
]
