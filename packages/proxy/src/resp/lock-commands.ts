import type { Json } from '@chaosproxy/history'
import { saysOneOr } from './answers.ts'
import { type CommandReaders, one, word } from './command-reader.ts'
import { RELEASE, scriptCommands } from './scripts.ts'

const HELD = 'it is held'

/**
 * Locks as described in the documentation of SET: `SET key token NX PX milliseconds` acquires, and a script that
 * compares the token releases. An expired lock still counts as held: its holder has not been told otherwise.
 */
export const lockCommands = (): CommandReaders => ({
  SET: (words, names) => {
    if (!isAcquire(words)) return undefined
    const token = word(words, 2)
    return one({
      call: { f: 'acquire', key: names.key(word(words, 1)), value: null },
      says: (answer) =>
        answer === 'OK' ? { type: 'ok', value: token } : answer === null ? { type: 'fail', error: HELD } : undefined,
    })
  },
  ...scriptCommands({
    source: RELEASE,
    values: 1,
    partOf: (key, [token = null], names) => ({
      call: { f: 'release', key: names.key(key), value: token },
      says: saysOneOr('it is not held with this token'),
    }),
  }),
})

/** NX, and at most a time to live. */
function isAcquire(words: readonly Json[]): boolean {
  const options = words.slice(3).map((option) => String(option).toUpperCase())
  if (!options.includes('NX')) return false
  const rest = options.filter((option) => option !== 'NX')
  return rest.length === 0 || (rest.length === 2 && (rest[0] === 'PX' || rest[0] === 'EX'))
}
