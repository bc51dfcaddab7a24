import {
  answerCounts,
  type Caller,
  callerInWords,
  canonical,
  type EventInput,
  type Json,
  readsWhole,
  UserError,
} from '@chaosproxy/history'
import { type Said, saidOf } from '../../encoding/half-said.ts'
import { isUnknownStart } from '../../encoding/unknown-start.ts'
import {
  type Called,
  type Ended,
  GivenUp,
  Impossible,
  type ObjectMonitor,
  type OnlineRoom,
  tooMuch,
} from '../../online/object-monitor.ts'
import { capital, show } from '../../verdict/words.ts'
import { registerFunctions } from '../encoding/encode.ts'
import { createMonitorFromAny } from './any-start.ts'
import {
  createRegisterMonitor,
  type Flight,
  type Impossible as Impossibility,
  type RegisterMonitor,
  type ValueName,
} from './monitor.ts'

/** An operation in flight. */
interface Asked {
  readonly caller: Caller
  readonly input: Json
  /** Absent unless it is a cas. */
  readonly said: Said | undefined
  readonly flight: Flight
}

/**
 * Registers. If values are distinct (among those that may still be read), a violation is reported at the very event
 * after which `check` would report one for the history so far. If they repeat sooner, it may be reported later or be
 * missed, and the answer is `not certain` from then on. It gives up keys with appended strings. For a key whose initial
 * value is unknown, a violation may be reported some events late. A cas that names only its new value is taken for a
 * write, so the checker is `not certain` once one is answered by the old value. If a route table says where values are,
 * it gives up a key whose first reads returned what nobody wrote: see `ReadBack`.
 *
 * It holds values written while some read or cas is in flight, and writes of unknown outcome that were never read.
 */
export const registerRoom: OnlineRoom<Asked> = {
  model: 'register',
  functions: registerFunctions,
  isWhole: false,
  knows: (f) => registerFunctions.includes(f),
  observes: readsWhole,
  mayLackInput: readsWhole,
  monitors({ initial: given, failedCas, retainAtMost, byRoutes }) {
    const anyStart = isUnknownStart(given)
    // If the initial value is unknown, null stands for itself.
    const initial = nameOf(anyStart ? null : given)
    const name = (value: Json | undefined): ValueName =>
      value === null || value === undefined ? initial : nameOf(value)
    const create = (): RegisterMonitor =>
      anyStart ? createMonitorFromAny(retainAtMost) : createRegisterMonitor(initial, retainAtMost)
    return {
      level: () => 'linearizable',
      create: (key) =>
        watchRegister(create(), {
          ...{ key, name, failedCas, retainAtMost },
          readBack: byRoutes ? createReadBack(initial) : undefined,
        }),
    }
  },
}

interface Watching {
  readonly key: string | undefined
  /** The name of a value; null stands for the initial one. */
  readonly name: (value: Json | undefined) => ValueName
  readonly failedCas: 'drop' | 'observes'
  readonly retainAtMost: number
  /** Absent if reads certainly return the value they found. */
  readonly readBack: ReadBack | undefined
}

/**
 * Whether a route table reads the place that it writes. If it does not, all reads seem to return what nobody wrote, and
 * the service is not to be blamed for it. `check` knows that by most of the reads; here the first one has to do.
 */
interface ReadBack {
  wrote(value: ValueName): void
  /** A read returned this value. */
  read(value: ValueName): void
  /** Whether no read has returned anything that was written, and some read has returned something else. */
  isDoubtful(): boolean
  /** Entries held in memory. */
  retained(): number
}

/** Of the values that nobody has read, this many of the newest are remembered. */
const MOST_UNREAD = 100

function createReadBack(initial: ValueName): ReadBack {
  let unread: Set<ValueName> | undefined = new Set()
  let isStrange = false
  return {
    wrote(value) {
      if (unread === undefined) return
      unread.delete(value)
      unread.add(value)
      if (unread.size <= MOST_UNREAD) return
      for (const oldest of unread) {
        unread.delete(oldest)
        return
      }
    },
    read(value) {
      // A lost write also looks like a missing value.
      if (unread === undefined || value === initial) return
      if (!unread.has(value)) isStrange = true
      else {
        unread = undefined
        isStrange = false
      }
    },
    isDoubtful: () => isStrange,
    retained: () => unread?.size ?? 0,
  }
}

function watchRegister(
  monitor: RegisterMonitor,
  { key, name, failedCas, retainAtMost, readBack }: Watching,
): ObjectMonitor<Asked> {
  /** Whether some cas was taken for a write although its answer says what it replaced. */
  let isAnswerUnused = false

  function begin({ position, f, event }: Called, said: Said | undefined): ReturnType<RegisterMonitor['called']> {
    if (readsWhole(f)) return monitor.called(position, { kind: 'read' })
    const to = f === 'cas' ? said?.to : event.value
    readBack?.wrote(name(to))
    if (f !== 'cas') return monitor.called(position, { kind: 'write', value: name(to) })
    if (said === undefined) throw new UserError('input', `event ${position}: ${notACas(event)}`)
    if (said.is === 'half') return monitor.called(position, { kind: 'write', value: name(said.to) })
    if (name(said.from) === name(said.to)) return monitor.called(position, { kind: 'read' })
    return monitor.called(position, { kind: 'write', value: name(said.to), replaces: name(said.from) })
  }

  function end({ flight, said }: Asked, { position, type, output }: Ended): Impossibility | undefined {
    if (type === 'info') return monitor.abandoned(flight)
    if (type === 'fail') return monitor.failed(flight)
    if (said?.is === 'half' && saidOf(output)?.is === 'full') isAnswerUnused = true
    // A cas from a value to itself is a read of it.
    const seen = said?.is === 'full' ? said.from : output
    if (said === undefined && flight.written === undefined) readBack?.read(name(seen))
    return monitor.succeeded(position, flight, flight.written === undefined ? name(seen) : undefined)
  }

  /** Whether the answer of a write or cas says that it wrote something else than it asked for, which `check` believes. */
  function isAnsweredOtherwise({ said, input, flight }: Asked, { type, output }: Ended): boolean {
    if (type !== 'ok' || output === undefined || output === input) return false
    if (said === undefined ? flight.written === undefined : said.is === 'half') return false
    const counts = answerCounts(said === undefined ? 'write' : 'cas')
    return counts?.(input, output) === true && canonical(output) !== canonical(input)
  }

  return {
    called(operation) {
      const { f, input = null, event: caller } = operation
      if (f === 'append') return APPENDED
      const said = f === 'cas' ? saidOf(input) : undefined
      const flight = begin(operation, said)
      return flight === 'too much to remember' ? tooMuch(retainAtMost) : { caller, input, said, flight }
    },
    ended(asked, ending) {
      if (isAnsweredOtherwise(asked, ending)) return OTHERWISE
      const impossible = end(asked, ending)
      if (impossible !== undefined && readBack?.isDoubtful() === true) return MISREAD
      if (impossible !== undefined) return new Impossible(sentence(asked, ending, impossible, key), key, ending)
      const isObserved = ending.type === 'fail' && asked.said?.is === 'full' && failedCas === 'observes'
      return isObserved ? OBSERVED : undefined
    },
    doubt: () =>
      isAnswerUnused ? 'the old value that a cas answered was not used' : monitor.certain() ? undefined : REPEATED,
    retained: () => monitor.retained() + (readBack?.retained() ?? 0),
  }
}

const APPENDED = new GivenUp('it has appended strings')
const MISREAD = new GivenUp(
  'its reads returned what nobody wrote, so that the route table may read another place than it writes',
)
const OTHERWISE = new GivenUp('a write was answered with another value than it asked for')
const OBSERVED = new GivenUp('a failed cas observed another value')
const REPEATED = 'values repeat, or the initial value is not known, so that what a read saw is ambiguous'

const nameOf = (value: Json): ValueName => (typeof value === 'number' ? value : canonical(value))

const notACas = ({ process, value }: EventInput): string =>
  `process ${process}'s cas takes [old, new], or [new] if its answer says the old value, not ${JSON.stringify(value)}.`

function sentence(
  { caller, input, said }: Asked,
  { output }: Ended,
  impossible: Impossibility,
  key: string | undefined,
): string {
  const of = key === undefined ? '' : ` for ${key}`
  const did =
    said?.is === 'full'
      ? `${capital(callerInWords(caller))} changed ${show(said.from)} to ${show(said.to)}${of}`
      : said?.is === 'half'
        ? `${capital(callerInWords(caller))} changed the value to ${show(said.to)}${of}`
        : `${capital(callerInWords(caller))} read ${show(output ?? null)}${of}`
  switch (impossible) {
    case 'not there to be read':
      return `${did}, but that value had been overwritten for certain, or was never written.`
    case 'stale':
      return `${did}, but that value had been overwritten by then.`
    case 'known late':
      return `Nothing that may have been there at the start explains what was read by then${of}.`
    case 'replaced twice':
      return `${did}, but another compare-and-set had already replaced the same value.`
    case 'its write failed':
      return `${capital(callerInWords(caller))}'s ${said === undefined ? 'write of' : 'cas to'} ${show(said?.to ?? input)}${of} certainly failed, but the value had been read.`
    default:
      return impossible satisfies never
  }
}
