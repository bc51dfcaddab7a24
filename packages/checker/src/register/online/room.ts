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
import { type CasValues, casValuesOf } from '../../encoding/cas-values.ts'
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
import { capital, phrase, show } from '../../verdict/words.ts'
import { registerFunctions } from '../encoding/encode.ts'
import { createMonitorFromAny } from './any-start.ts'
import {
  createRegisterMonitor,
  type Flight,
  type Impossible as Impossibility,
  type RegisterMonitor,
  type ValueName,
} from './monitor.ts'

interface OpenOperation {
  readonly caller: Caller
  readonly input: Json
  readonly casValues: CasValues | undefined
  readonly flight: Flight
}

/**
 * The online checker for registers. As long as all values that may still be read are distinct, it reports a violation
 * at the same event as `check` would. If a value repeats while it may still be read, the checker may report a violation
 * later or miss it, and its state is `not certain` from then on.
 *
 * The checker gives up keys with appended strings. If the initial value is unknown, it may report a violation some
 * events late. If a cas names only its new value, the checker treats the cas as a write. If the reply to such a cas
 * contains the old value, the checker ignores the old value, and its state is `not certain`. With a route table, it
 * gives up a key whose reads show no written value (see `ReadBack`).
 *
 * The checker holds the values written while a read or cas is open, and the values of unread writes of unknown outcome.
 */
export const registerRoom: OnlineRoom<OpenOperation> = {
  model: 'register',
  functions: registerFunctions,
  isWhole: false,
  knows: (f) => registerFunctions.includes(f),
  observes: readsWhole,
  mayLackInput: readsWhole,
  monitors({ initial: given, failedCas, retainAtMost, byRoutes }) {
    const anyStart = isUnknownStart(given)
    // If the initial value is unknown, null is an ordinary value.
    const initial = nameOf(anyStart ? null : given)
    const name = (value: Json | undefined): ValueName =>
      value === null || value === undefined ? initial : nameOf(value)
    const findings = { some: false }
    const create = (): RegisterMonitor =>
      anyStart ? createMonitorFromAny(retainAtMost) : createRegisterMonitor(initial, retainAtMost)
    return {
      level: () => 'linearizable',
      create: (key) =>
        watchRegister(create(), {
          ...{ key, name, failedCas, retainAtMost },
          readBack: byRoutes ? createReadBack(initial, findings) : undefined,
        }),
    }
  },
}

interface Watching {
  readonly key: string | undefined
  readonly name: (value: Json | undefined) => ValueName
  readonly failedCas: 'drop' | 'observes'
  readonly retainAtMost: number
  /**
   * Detects that a route table reads values from another place than it writes them to. Undefined if no route table
   * named the operations.
   */
  readonly readBack: ReadBack | undefined
}

/**
 * Detects that a route table reads keys from another place than it writes them to. Reads then return values that nobody
 * wrote, or no value, although the service makes no error. While `isDoubtful` holds, an impossible read is therefore
 * not reported as a violation. A read of a value that nobody wrote raises a doubt, which lasts until a read of the same
 * key returns a written value. A read of the initial value raises a doubt that lasts until a read of any key returns a
 * written value.
 */
interface ReadBack {
  wrote(value: ValueName): void
  read(value: ValueName): void
  /** Reports whether reads so far suggest that the route table reads keys from another place than it writes them to. */
  isDoubtful(): boolean
  /**
   * Returns why the value of the latest read may be something other than the value of the key: no write wrote a value
   * of this type, or a write wrote this number in another form, such as "2.50" for "2.5". Undefined if there is no such
   * reason.
   */
  foreign(): GivenUp | undefined
  retained(): number
}

/** The number of newest unread values to remember. */
const MOST_UNREAD = 100

/** The canonical text of null. */
const NULL_NAME = 'null'

/**
 * Creates the tracker of one key. All trackers share `findings`, which tells whether a read of any key returned a
 * written value.
 */
function createReadBack(initial: ValueName, findings: { some: boolean }): ReadBack {
  let unread: Set<ValueName> | undefined = new Set()
  let isStrange = false
  let isEmpty = false
  let foreign: GivenUp | undefined
  const types = new Set<string>()
  const numerals = createNumerals()
  function foreignness(value: ValueName): GivenUp | undefined {
    if (value === initial || value === NULL_NAME) return undefined
    if (types.size > 0 && !types.has(typeOf(value))) return FOREIGN
    return numerals.isOtherForm(value) ? OTHER_FORM : undefined
  }
  return {
    wrote(value) {
      if (value !== NULL_NAME) types.add(typeOf(value))
      numerals.add(value)
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
      foreign = foreignness(value)
      if (unread === undefined || foreign !== undefined) return
      // A read of the initial value may also mean that a write was lost.
      if (value === initial) isEmpty = true
      else if (!unread.has(value)) isStrange = true
      else {
        unread = undefined
        isStrange = false
        findings.some = true
      }
    },
    isDoubtful: () => isStrange || (isEmpty && !findings.some),
    foreign: () => foreign,
    retained: () => (unread?.size ?? 0) + numerals.size(),
  }
}

/** The maximum number of written numbers to remember. When there are more, the oldest is forgotten. */
const MOST_NUMERALS = 100

/**
 * Collects the numbers that were written to a key, each with its written forms, such as 2.5 and "2.50". Ignores all
 * numbers before the first one that is written as a text. The final check does not trust a read that returns a
 * collected number in another form.
 */
function createNumerals() {
  const forms = new Map<number, Set<ValueName>>()
  return {
    add(value: ValueName): void {
      const number = numberIn(value)
      if (number === undefined || (number === value && forms.size === 0)) return
      const known = forms.get(number) ?? new Set()
      forms.set(number, known.add(value))
      if (forms.size <= MOST_NUMERALS) return
      for (const oldest of forms.keys()) {
        forms.delete(oldest)
        return
      }
    },
    isOtherForm(value: ValueName): boolean {
      const number = numberIn(value)
      return number !== undefined && forms.get(number)?.has(value) === false
    },
    size: () => forms.size,
  }
}

/**
 * Returns the number that a value represents: a number itself, or the number in a text, such as 2.5 in "2.50".
 * Undefined if there is none, or if the number in a text exceeds `Number.MAX_SAFE_INTEGER`.
 */
function numberIn(value: ValueName): number | undefined {
  if (typeof value === 'number') return value
  if (!value.startsWith('"')) return undefined
  const text: string = JSON.parse(value)
  const number = text.trim() === '' ? Number.NaN : Number(text)
  return Number.isNaN(number) || Math.abs(number) > Number.MAX_SAFE_INTEGER ? undefined : number
}

function watchRegister(
  monitor: RegisterMonitor,
  { key, name, failedCas, retainAtMost, readBack }: Watching,
): ObjectMonitor<OpenOperation> {
  /** Whether some cas was judged as a write although its answer contained the old value. */
  let isAnswerUnused = false

  function begin(
    { position, f, event }: Called,
    casValues: CasValues | undefined,
  ): ReturnType<RegisterMonitor['called']> {
    if (readsWhole(f)) return monitor.called(position, { kind: 'read' })
    const to = f === 'cas' ? casValues?.to : event.value
    readBack?.wrote(name(to))
    if (f !== 'cas') return monitor.called(position, { kind: 'write', value: name(to) })
    if (casValues === undefined) throw new UserError('input', `event ${position}: ${notACas(event)}`)
    if (casValues.is === 'half') return monitor.called(position, { kind: 'write', value: name(casValues.to) })
    if (name(casValues.from) === name(casValues.to)) return monitor.called(position, { kind: 'read' })
    return monitor.called(position, { kind: 'write', value: name(casValues.to), replaces: name(casValues.from) })
  }

  function end({ flight, casValues }: OpenOperation, { position, type, output }: Ended): Impossibility | undefined {
    if (type === 'info') return monitor.abandoned(flight)
    if (type === 'fail') return monitor.failed(flight)
    if (casValues?.is === 'half' && casValuesOf(output)?.is === 'full') isAnswerUnused = true
    // A cas with equal old and new values counts as a read of its old value.
    const seen = casValues?.is === 'full' ? casValues.from : output
    if (casValues === undefined && flight.written === undefined) readBack?.read(name(seen))
    return monitor.succeeded(position, flight, flight.written === undefined ? name(seen) : undefined)
  }

  /**
   * Reports whether the answer to a write or cas names another written value than its request. `check` uses the value
   * in the answer. The monitor was given the value in the request, which is then wrong.
   */
  function isAnsweredOtherwise({ casValues, input, flight }: OpenOperation, { type, output }: Ended): boolean {
    if (type !== 'ok' || output === undefined || output === input) return false
    if (casValues === undefined ? flight.written === undefined : casValues.is === 'half') return false
    const counts = answerCounts(casValues === undefined ? 'write' : 'cas')
    return counts?.(input, output) === true && canonical(output) !== canonical(input)
  }

  return {
    called(operation) {
      const { f, input = null, event: caller } = operation
      if (f === 'append') return APPENDED
      const casValues = f === 'cas' ? casValuesOf(input) : undefined
      const flight = begin(operation, casValues)
      return flight === 'too much to remember' ? tooMuch(retainAtMost) : { caller, input, casValues, flight }
    },
    ended(operation, ending) {
      if (isAnsweredOtherwise(operation, ending)) return OTHERWISE
      const impossible = end(operation, ending)
      const foreign = impossible === undefined ? undefined : readBack?.foreign()
      if (foreign !== undefined) return foreign
      if (impossible !== undefined && readBack?.isDoubtful() === true) return MISREAD
      if (impossible !== undefined) return new Impossible(sentence(operation, ending, impossible, key), key, ending)
      const isObserved = ending.type === 'fail' && operation.casValues?.is === 'full' && failedCas === 'observes'
      return isObserved ? OBSERVED : undefined
    },
    doubt: () =>
      isAnswerUnused
        ? 'a cas was judged as a write: the old value in its answer was not checked'
        : monitor.certain()
          ? undefined
          : REPEATED,
    retained: () => monitor.retained() + (readBack?.retained() ?? 0),
  }
}

const APPENDED = new GivenUp('it has appended strings')
const MISREAD = new GivenUp(
  'no read returned a written value, so the route table may read from another place than it writes to',
)
const FOREIGN = new GivenUp(
  'a read returned a type of value that was never written, so the route table may take an error for the value',
)
const OTHER_FORM = new GivenUp(
  'a read returned a written number in another form, so the route table may read from another place than it writes to',
)
const OTHERWISE = new GivenUp('a write was answered with another value than it asked for')
const OBSERVED = new GivenUp('a failed cas observed a value other than its old value')
const REPEATED = 'values repeat, or the initial value is not known, so that what a read saw is ambiguous'

/** A type of JSON values, by the beginning of their canonical text. */
const typeOf = (name: ValueName): string =>
  typeof name === 'number' ? 'number' : name === 'true' || name === 'false' ? 'boolean' : name.slice(0, 1)

const nameOf = (value: Json): ValueName => (typeof value === 'number' ? value : canonical(value))

const notACas = ({ process, value }: EventInput): string =>
  `the value of process ${process}'s cas is ${JSON.stringify(value)}. It must be [old, new], or [new] if the completion returns the old value.`

function sentence(
  { caller, input, casValues }: OpenOperation,
  { output }: Ended,
  impossible: Impossibility,
  key: string | undefined,
): string {
  const of = phrase('for', key)
  const client = capital(callerInWords(caller))
  const did =
    casValues?.is === 'full'
      ? `${client} changed ${show(casValues.from)} to ${show(casValues.to)}${of}`
      : casValues?.is === 'half'
        ? `${client} changed the value to ${show(casValues.to)}${of}`
        : `${client} read ${show(output ?? null)}${of}`
  switch (impossible) {
    case 'not there to be read':
      return `${did}, but that value had been overwritten for certain, or was never written.`
    case 'stale':
      return `${did}, but that value had been overwritten by then.`
    case 'known late':
      return `No initial value${of} explains the reads so far.`
    case 'replaced twice':
      return `${did}, but another compare-and-set had already replaced the same value.`
    case 'its write failed':
      return `${client}'s ${casValues === undefined ? 'write of' : 'cas to'} ${show(casValues?.to ?? input)}${of} certainly failed, but the value had been read.`
    default:
      return impossible satisfies never
  }
}
