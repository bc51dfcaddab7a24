import { isEverRead } from '@chaosproxy/protocols'

/** What settings give up by who answers reads; empty for an object that is never read, such as a queue or a lock. */
export const ofReads = (object: string, clause: string): string =>
  object === 'transactions' || isEverRead(object) ? clause : ''
