import type { ErrorMeaning } from '@chaosproxy/history'
import { fail, info } from '../record/error-meanings.ts'

/**
 * The meanings of errors of Redis, Redis Cluster and Sentinel, by their first word. Any other error is `info`, and so
 * is an error after partial execution.
 */
export const redisErrors: readonly ErrorMeaning[] = [
  fail('ERR', 'an error in the command, found before it is carried out'),
  fail('WRONGTYPE', 'the key holds another kind of value, so the command is not carried out'),
  fail('WRONGPASS', 'AUTH or HELLO was refused'),
  fail('NOAUTH', 'the client must authenticate'),
  fail('NOPERM', 'the user lacks permission, so the command is not carried out'),
  fail('NOPROTO', 'HELLO asked for an unknown protocol'),
  fail('OOM', 'memory is full, so the command is not carried out'),
  fail('READONLY', 'a replica takes no writes: the client has to find the primary'),
  fail('LOADING', 'the data is still being read from disk'),
  fail('MISCONF', 'the disk cannot be written, and writes are refused until it can'),
  fail('NOREPLICAS', 'fewer replicas than min-replicas-to-write: refused before it is applied'),
  fail('MASTERDOWN', 'a replica without its primary, told not to answer (replica-serve-stale-data no)'),
  fail('MOVED', 'another node of a Redis Cluster has the key'),
  fail('ASK', 'the key is being moved to another node of a Redis Cluster'),
  fail('TRYAGAIN', 'some keys of the command are being moved to another node'),
  fail('CROSSSLOT', 'the keys are in several slots, so the command is not carried out'),
  fail('CLUSTERDOWN', 'a Redis Cluster without all its slots refuses everything'),
  fail('BUSY', 'a script runs, and only commands that end it are accepted'),
  fail('NOSCRIPT', 'no script has this SHA-1: nothing was run'),
  fail('EXECABORT', 'a command of the transaction was refused when it was queued: none was carried out'),
  fail('DENIED', 'protected mode refuses the connection'),
  fail('BUSYKEY', 'RESTORE: the key exists already'),
  info('UNBLOCKED', 'the primary became a replica while a command was blocked'),
  fail('INPROG', 'Sentinel has a failover under way already'),
  fail('NOGOODSLAVE', 'Sentinel knows of no replica that could take over'),
]
