import { isEverRead } from '@chaosproxy/protocols'

/**
 * Returns the clause, which describes the guarantee lost by the choice of servers for reads; empty for an object that
 * is never read, such as a queue or a lock.
 */
export const ofReads = (object: string, clause: string): string =>
  object === 'transactions' || isEverRead(object) ? clause : ''
