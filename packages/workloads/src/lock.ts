import type { Json } from '@chaosproxy/history'
import { createKeyPool, keysSetting } from './keys.ts'
import { numberOf } from './setting.ts'
import { missing, someFailed } from './vacuity.ts'
import type { Follower, Workload } from './workload.ts'

const RELEASE_PROBABILITY = 0.9

/**
 * Locks that are acquired and released. An acquire returns a fencing token. The release passes the token back, so that
 * only the holder's release frees the lock. After an unknown outcome, a retired process may hold the lock forever, so
 * clients move on to another lock.
 */
export const lock: Workload = {
  name: 'lock',
  summary:
    'a lock with one holder at a time, and fencing tokens; clients also release locks that they do not hold, which must fail',
  model: 'lock',
  initial: null,
  levels: ['linearizable'],
  object: 'lock',
  functions: ['acquire', 'release'],
  reads: [],
  settings: [keysSetting(3, 'how many locks clients use at a time')],
  create(settings) {
    const keys = createKeyPool(numberOf(settings, 'keys'))
    return {
      client(random) {
        /** The locks of this process. An unanswered acquire is assumed to have succeeded. */
        const held = new Set<string>()
        const tokens = createTokens()
        return {
          next() {
            const [first] = held
            if (first !== undefined && random.chance(RELEASE_PROBABILITY)) {
              held.delete(first)
              return tokens.filledIn({ f: 'release', key: first, value: null })
            }
            const key = keys.pick(random)
            held.add(key)
            return { f: 'acquire', key, value: null }
          },
          learned(input, completion) {
            const { f, key = '' } = input
            const isHeld = tokens.has(key)
            tokens.learned(input, completion)
            if (completion.type === 'info') {
              for (const each of held) keys.replace(each)
              keys.replace(key)
              held.clear()
            } else if (f === 'release') {
              // After a refused release, the lock may be held or free, so the client continues with another lock.
              if (completion.type === 'fail') keys.replace(key)
              held.delete(key)
            } else if (completion.type === 'ok') held.add(key)
            else if (!isHeld) held.delete(key)
          },
        }
      },
    }
  },
  follow: createTokens,
  finale: () => [],
  races: { what: 'an acquire', functions: ['acquire'] },
  vacuous: (history) => [
    ...missing(history, 'acquire'),
    ...missing(history, 'release'),
    ...(someFailed(history, ['acquire']) ? [] : ['no acquire was refused: nobody wanted a lock that was held']),
  ],
}

function createTokens(): Follower & { has(key: string): boolean } {
  const tokens = new Map<string, Json>()
  return {
    has: (key) => tokens.has(key),
    filledIn: (planned) =>
      planned.f === 'release' ? { ...planned, value: tokens.get(planned.key ?? '') ?? null } : planned,
    learned({ f, key = '' }, completion) {
      // A new process holds no lock.
      if (completion.type === 'info') tokens.clear()
      else if (f === 'release') tokens.delete(key)
      else if (completion.type === 'ok') tokens.set(key, completion.value)
    },
  }
}
