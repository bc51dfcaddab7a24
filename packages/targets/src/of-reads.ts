import { isEverRead } from '@chaosproxy/protocols'

/** Returns the clause, which is about reads; empty for an object without reads, such as a queue. */
export const ofReads = (object: string, clause: string): string =>
  object === 'transactions' || isEverRead(object) ? clause : ''
