import type { Json } from '@chaosproxy/history'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import {
  type Called,
  type Ended,
  GivenUp,
  Impossible,
  type ObjectMonitor,
  type OnlineRoom,
  tooMuch,
} from '../online/object-monitor.ts'
import { holderOf, lock, lockNumbers, RELEASE } from './lock.ts'

/** An operation in flight. */
interface Asked {
  readonly process: string
  readonly input: Json | undefined
  readonly isRelease: boolean
  /** For a release: the tenure it ends; undefined if its process did not hold the lock when it was called. */
  readonly tenure: Tenure | undefined
  /** For a release: whether no acquire had succeeded when it was called. */
  readonly isFirst: boolean
}

/** The time for which a process holds the lock: certainly from the return of its acquire to the call of its release. */
interface Tenure {
  readonly holder: string
  /** Whether its release was called, and has not certainly failed. */
  isLeaving: boolean
  /** Whether another process acquired the lock since: then the release took effect. */
  isFollowed: boolean
}

/**
 * Locks. A violation is reported at the very event after which `check` would report one. It gives up locks of clients
 * with several processes, and of processes that go on after an operation of unknown outcome.
 *
 * Every order holds the lock at least for the certain part of each tenure. So there is an order exactly when these parts
 * are disjoint and tokens grow along them: it is enough to know the last tenure and its token.
 */
export const lockRoom: OnlineRoom<Asked> = {
  model: lock.name,
  functions: lock.functions,
  knows: (f) => Object.hasOwn(lockNumbers, f),
  observes: () => false,
  mayLackInput: () => true,
  monitors({ initial, retainAtMost }) {
    const isOpen = isUnknownStart(initial)
    const holder = isOpen ? undefined : holderOf(initial)
    return (of) => watchLock({ isOpen, holder, of, retainAtMost })
  },
}

interface Watching {
  /** Whether any process may have held the lock at first. */
  readonly isOpen: boolean
  readonly holder: string | undefined
  readonly of: string
  readonly retainAtMost: number
}

function watchLock({ isOpen, holder, of, retainAtMost }: Watching): ObjectMonitor<Asked> {
  /** The last tenure; the order of tenures is that of the returns of their acquires. */
  let last: Tenure | undefined = holder === undefined ? undefined : { holder, isLeaving: false, isFollowed: false }
  let token: number | undefined
  let mayHoldAtFirst = isOpen
  /** Processes with an operation of unknown outcome, which may or may not hold the lock. */
  const unclear = new Set<string>()

  function acquired({ process, input }: Asked, output: Json | undefined): Impossible | GivenUp | undefined {
    const given = tokenOf(input, output)
    if (given instanceof GivenUp) return given
    const did = `Process ${process} acquired the lock${of}`
    if (last !== undefined) {
      if (!last.isLeaving)
        return new Impossible(
          `${did}, but ${last.holder === process ? 'it' : `process ${last.holder}`} held it already.`,
        )
      last.isFollowed = true
    }
    if (given !== undefined && token !== undefined && given <= token)
      return new Impossible(`${did} with token ${given}, but an earlier holder had token ${token}.`)
    token = given ?? token
    last = { holder: process, isLeaving: false, isFollowed: false }
    return undefined
  }

  function released({ process, tenure, isFirst }: Asked): Impossible | undefined {
    if (tenure !== undefined) return undefined
    if (!(isFirst && mayHoldAtFirst))
      return new Impossible(`Process ${process} released the lock${of} without holding it.`)
    mayHoldAtFirst = false
    return undefined
  }

  return {
    called({ process: name, f, input, event }: Called) {
      const process = String(name)
      if (event.session !== undefined) return SEVERAL
      if (unclear.has(process)) return WENT_ON
      if (unclear.size >= retainAtMost) return tooMuch(retainAtMost)
      const isRelease = lockNumbers[f] === RELEASE
      const tenure = isRelease && last?.holder === process && !last.isLeaving ? last : undefined
      if (tenure !== undefined) tenure.isLeaving = true
      return { process, input, isRelease, tenure, isFirst: last === undefined }
    },
    ended(asked, { type, output }: Ended) {
      const { process, isRelease, tenure } = asked
      if (type === 'info') {
        unclear.add(process)
        return undefined
      }
      if (type === 'ok') return isRelease ? released(asked) : acquired(asked, output)
      if (tenure?.isFollowed === true)
        return new Impossible(
          `Process ${process}'s release of the lock${of} certainly failed, but another process has acquired it since.`,
        )
      if (tenure !== undefined) tenure.isLeaving = false
      return undefined
    },
    doubt: () => undefined,
    retained: () => unclear.size + (last === undefined ? 0 : 1),
  }
}

const SEVERAL = new GivenUp('its clients have several processes each, so that holders are told apart only at the end')
const WENT_ON = new GivenUp('a process went on after an operation of unknown outcome, and may hold it or not')

function tokenOf(input: Json | undefined, output: Json | undefined): number | undefined | GivenUp {
  // A completion that only repeats its invocation has no token.
  if (output === undefined || output === null || output === input) return undefined
  if (typeof output === 'number') return output
  return typeof output === 'object' ? new GivenUp('a fencing token is no number') : undefined
}
