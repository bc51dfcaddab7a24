import { isEverRead } from '@chaosproxy/protocols'

/** Returns the clause about reads, or an empty text if the object has no reads, such as a queue. */
export const ofReads = (object: string, clause: string): string =>
  object === 'transactions' || isEverRead(object) ? clause : ''
