import { isEverRead } from '@chaosproxy/protocols'

/** Returns `clause`, which is about reads. Returns an empty text for an object that is never read, such as a queue. */
export const ofReads = (object: string, clause: string): string =>
  object === 'transactions' || isEverRead(object) ? clause : ''
