import type { ErrorMeaning } from '@chaosproxy/history'

/**
 * The meanings of errors of Redis, Redis Cluster and Sentinel, by their first word. Any other error is `info`, and so
 * is an error after partial execution.
 */
export const redisErrors: readonly ErrorMeaning[] = [
  { says: ['ERR'], means: 'fail', why: 'an error in the command, found before it is carried out' },
  { says: ['WRONGTYPE'], means: 'fail', why: 'the key holds another kind of value; the type is checked first' },
  { says: ['WRONGPASS'], means: 'fail', why: 'AUTH or HELLO was refused' },
  { says: ['NOAUTH'], means: 'fail', why: 'checked before the command' },
  { says: ['NOPERM'], means: 'fail', why: 'the user lacks permission: checked before the command is carried out' },
  { says: ['NOPROTO'], means: 'fail', why: 'HELLO asked for an unknown protocol' },
  { says: ['OOM'], means: 'fail', why: 'refused since memory is full, before it is carried out' },
  { says: ['READONLY'], means: 'fail', why: 'a replica takes no writes: the client has to find the primary' },
  { says: ['LOADING'], means: 'fail', why: 'the data is still being read from disk' },
  { says: ['MISCONF'], means: 'fail', why: 'the disk cannot be written, and writes are refused until it can' },
  {
    says: ['NOREPLICAS'],
    means: 'fail',
    why: 'fewer replicas than min-replicas-to-write: refused before it is applied',
  },
  {
    says: ['MASTERDOWN'],
    means: 'fail',
    why: 'a replica without its primary, told not to answer (replica-serve-stale-data no)',
  },
  { says: ['MOVED'], means: 'fail', why: 'another node of a Redis Cluster has the key' },
  { says: ['ASK'], means: 'fail', why: 'the key is being moved to another node of a Redis Cluster' },
  { says: ['TRYAGAIN'], means: 'fail', why: 'some keys of the command are being moved to another node' },
  { says: ['CROSSSLOT'], means: 'fail', why: 'keys of several slots: found before anything is carried out' },
  { says: ['CLUSTERDOWN'], means: 'fail', why: 'a Redis Cluster without all its slots refuses everything' },
  { says: ['BUSY'], means: 'fail', why: 'a script runs, and everything but its end is refused' },
  { says: ['NOSCRIPT'], means: 'fail', why: 'no script has this SHA-1: nothing was run' },
  {
    says: ['EXECABORT'],
    means: 'fail',
    why: 'a command of the transaction was refused when it was queued: none was carried out',
  },
  { says: ['DENIED'], means: 'fail', why: 'protected mode refuses the connection' },
  { says: ['BUSYKEY'], means: 'fail', why: 'RESTORE: the key exists already' },
  { says: ['UNBLOCKED'], means: 'info', why: 'the primary became a replica while a command was blocked' },
  { says: ['INPROG'], means: 'fail', why: 'Sentinel has a failover under way already' },
  { says: ['NOGOODSLAVE'], means: 'fail', why: 'Sentinel knows of no replica that could take over' },
]
