import type { Json } from '@chaosproxy/history'
import { type CommandOperation, interpretEither, interpretOkOr, interpretOneOr } from './answers.ts'
import { type CommandReaders, one, operation, several, word } from './command-reader.ts'
import type { CommandTable } from './command-table.ts'
import { REDLOCK_ACQUIRE, REDLOCK_EXTEND, REDLOCK_RELEASE } from './redlock-scripts.ts'
import { type KnownScript, oneOperation, RELEASE } from './scripts.ts'

const HELD = 'it is held'

/**
 * Locks as in the documentation of SET. An expired lock counts as held, because its holder does not know that it
 * expired.
 */
export const lockCommands: CommandReaders = {
  SET: (words, names) => {
    if (!isAcquire(words)) return undefined
    return one(operation('acquire', names.key(word(words, 1)), null, interpretOkOr(HELD, word(words, 2))))
  },
}

const released = (key: string, token: Json): CommandOperation =>
  operation('release', key, token, interpretOneOr('it is not held with this token'))

/** The scripts in the documentation of SET, and those of redlock. */
export const lockScripts: readonly KnownScript[] = [
  oneOperation(RELEASE, 1, (key, [token = null], names) => released(names.key(key), token)),
  {
    is: { source: REDLOCK_ACQUIRE },
    recognise: (keys, [token = null], names) =>
      several(
        keys.map((key) => operation('acquire', names.key(key), null, interpretEither(keys.length, 0, HELD, token))),
      ),
  },
  // With several locks, the reply counts the released keys, but does not say which.
  {
    is: { source: REDLOCK_RELEASE },
    recognise: ([key = null, ...others], [token = null], names) =>
      others.length === 0 ? one(released(names.key(key), token)) : undefined,
  },
  { is: { source: REDLOCK_EXTEND }, recognise: () => 'no effect' },
]

/** Whether a SET acquires a lock: it has NX, alone or with a time to live. */
function isAcquire(words: readonly Json[]): boolean {
  const options = words.slice(3).map((option) => String(option).toUpperCase())
  if (!options.includes('NX')) return false
  const rest = options.filter((option) => option !== 'NX')
  return rest.length === 0 || (rest.length === 2 && (rest[0] === 'PX' || rest[0] === 'EX'))
}

/** A lock as in the documentation of SET. The lock expires even if its holder does not notice. */
export function lockTable(timeToLiveMs: number): CommandTable {
  return {
    acquire: [
      { send: ['SET', '{key}', '{token}', 'NX', 'PX', String(timeToLiveMs)], result: 'token', refused: [null] },
    ],
    release: [{ send: ['EVAL', RELEASE, '1', '{key}', '{value}'], refused: [0] }],
  }
}
