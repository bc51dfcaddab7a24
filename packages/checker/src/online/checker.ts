import { canonical, type EventInput, isClient, type Json, keyName, type Process, UserError } from '@chaosproxy/history'
import { show } from '../counterexample/words.ts'
import { isUnknownStart } from '../start/unknown.ts'
import { createMonitorFromAny } from './any-start.ts'
import { createRegisterMonitor, type Flight, type Impossible, type RegisterMonitor, type ValueName } from './monitor.ts'

export interface OnlineOptions {
  readonly model: 'register'
  /** Every object's value before the first write; `UNKNOWN_START` if unknown. */
  readonly initial: Json
  /** `drop`: a failed cas did not happen. `observes`: it found another value, which this checker cannot judge. */
  readonly failedCas: 'drop' | 'observes'
  /** Values remembered per key at most; a key that would need more is no longer judged. By default 100,000. */
  readonly retainAtMost?: number | undefined
}

/**
 * `linearizable`: some order explains everything recorded so far. `not linearizable`: none does, whatever comes.
 * `not certain`: no violation was found, but not everything could be judged.
 */
export type SoFar = 'linearizable' | 'not linearizable' | 'not certain'

/** The first event after which no order explains what was recorded. */
export interface OnlineViolation {
  /** Absent if operations have no key. */
  readonly key: string | undefined
  /** Position among the events pushed, from 0. */
  readonly position: number
  readonly process: Process
  /** What happened, in a sentence. */
  readonly sentence: string
}

export interface OnlineChecker {
  /**
   * Takes the next event of a history; events of anyone but clients are ignored. Returns the violation at the event
   * that makes it certain, once.
   *
   * @throws UserError for an operation the model does not know, and for a completion without an invocation.
   */
  push(event: EventInput): OnlineViolation | undefined
  soFar(): SoFar
  violation(): OnlineViolation | undefined
  /** Entries held in memory, all keys together. */
  retained(): number
}

interface Open {
  readonly key: string | undefined
  readonly f: string
  readonly input: Json
  /** Absent if the key is not judged. */
  readonly flight: Flight | undefined
}

/**
 * Checks linearizability of registers while the history is recorded. If values are distinct (among those that may still
 * be read), it reports a violation at the very event after which `check` would report one for the history so far. If
 * they repeat sooner, it may report it later or miss it, and is `not certain` from then on; a violation it does report
 * is always real. It gives up keys with appended strings and keys that the recorder marks. For a key whose initial
 * value is unknown, a violation may be reported some events late.
 *
 * Its memory is bounded by the operations that overlap, not by the length of the history: values written while some
 * read or cas is in flight, and writes of unknown outcome that were never read.
 */
export function createOnlineChecker(options: OnlineOptions): OnlineChecker {
  const keys = createKeys(options)
  const open = new Map<Process, Open>()
  let events = 0
  let found: OnlineViolation | undefined
  return {
    push(event) {
      const position = events++
      const { process } = event
      if (process === 'recorder') noteMark(keys, event)
      if (!isClient(process) || found !== undefined) return undefined
      if (event.type === 'invoke') {
        const { f, value: input = null } = event
        open.set(process, { key: keyName(event.key), f, input, flight: called(keys, event, position) })
        return undefined
      }
      const operation = open.get(process)
      if (operation === undefined) throw notInvoked(event, position)
      open.delete(process)
      const impossible = ended(keys, event, operation, position)
      if (impossible === undefined) return undefined
      found = { key: operation.key, position, process, sentence: sentence(event, operation, impossible) }
      keys.monitors.clear()
      open.clear()
      return found
    },
    soFar() {
      if (found !== undefined) return 'not linearizable'
      if (keys.isEveryKeyTouched) return 'not certain'
      for (const monitor of keys.monitors.values())
        if (monitor === 'given up' || !monitor.certain()) return 'not certain'
      return 'linearizable'
    },
    violation: () => found,
    retained() {
      let total = open.size
      for (const monitor of keys.monitors.values()) if (monitor !== 'given up') total += monitor.retained()
      return total
    },
  }
}

/** The registers of a history, by key, each with its monitor while it is judged. */
interface Keys {
  readonly monitors: Map<string | undefined, RegisterMonitor | 'given up'>
  isEveryKeyTouched: boolean
  readonly failedCas: OnlineOptions['failedCas']
  readonly createMonitor: () => RegisterMonitor
  /** The name of a value; null stands for the initial one. */
  readonly name: (value: Json | undefined) => ValueName
}

function createKeys({ initial: given, failedCas, retainAtMost = RETAIN_AT_MOST }: OnlineOptions): Keys {
  const anyStart = isUnknownStart(given)
  // If the initial value is unknown, null stands for itself.
  const initial = nameOf(anyStart ? null : given)
  return {
    monitors: new Map(),
    isEveryKeyTouched: false,
    failedCas,
    createMonitor: () => (anyStart ? createMonitorFromAny(retainAtMost) : createRegisterMonitor(initial, retainAtMost)),
    name: (value) => (value === null || value === undefined ? initial : nameOf(value)),
  }
}

function monitorOf(
  { monitors, isEveryKeyTouched, createMonitor }: Keys,
  key: string | undefined,
): RegisterMonitor | 'given up' {
  const known = monitors.get(key)
  if (known !== undefined) return known
  if (isEveryKeyTouched) return 'given up'
  const made = createMonitor()
  monitors.set(key, made)
  return made
}

function giveUp({ monitors }: Keys, key: string | undefined): undefined {
  monitors.set(key, 'given up')
  return undefined
}

/** What is missing from the record may explain what would otherwise be impossible. */
function noteMark(keys: Keys, { f, key }: EventInput): void {
  if (f !== 'touched' && f !== 'not-understood') return
  const touched = keyName(key)
  if (touched !== undefined) giveUp(keys, touched)
  else {
    keys.isEveryKeyTouched = true
    for (const known of keys.monitors.keys()) giveUp(keys, known)
  }
}

function called(keys: Keys, { f, key: named, value, process }: EventInput, position: number): Flight | undefined {
  const key = keyName(named)
  const monitor = monitorOf(keys, key)
  if (!isKnown(f)) throw new UserError('input', `${at(position)}: ${unknownFunction(f)}`)
  if (monitor === 'given up') return undefined
  const { name } = keys
  let flight: Flight | 'too much to remember'
  // The monitor knows no appends; and if an invocation has no value, what it writes is unknown yet.
  if (f === 'append' || (value === undefined && f !== 'read' && f !== 'get')) return giveUp(keys, key)
  else if (f === 'read' || f === 'get') flight = monitor.called(position, { kind: 'read' })
  else if (f !== 'cas') flight = monitor.called(position, { kind: 'write', value: name(value) })
  else {
    const [from, to] = pairOf(value, position, process)
    flight =
      name(from) === name(to)
        ? monitor.called(position, { kind: 'read' })
        : monitor.called(position, { kind: 'write', value: name(to), replaces: name(from) })
  }
  return flight === 'too much to remember' ? giveUp(keys, key) : flight
}

function ended(
  keys: Keys,
  event: EventInput,
  { key, f, input, flight }: Open,
  position: number,
): Impossible | undefined {
  const monitor = monitorOf(keys, key)
  if (monitor === 'given up' || flight === undefined) return undefined
  if (event.type === 'info') return monitor.abandoned(flight)
  if (event.type === 'fail') {
    const impossible = monitor.failed(flight)
    return impossible ?? (f === 'cas' && keys.failedCas === 'observes' ? giveUp(keys, key) : undefined)
  }
  const read = flight.written === undefined ? keys.name(readBy(f, input, event)) : undefined
  return monitor.succeeded(position, flight, read)
}

const notInvoked = ({ process, f }: EventInput, position: number): UserError =>
  new UserError(
    'input',
    `${at(position)}: process ${process} completed "${f}" without having invoked it. Every ok, fail and info follows an invoke of the same process.`,
  )

const RETAIN_AT_MOST = 100_000

const functions: readonly string[] = ['read', 'get', 'write', 'put', 'cas', 'append']

const isKnown = (f: string): boolean => functions.includes(f)

const unknownFunction = (f: string): string =>
  `the register model does not know the operation "${f}"; it knows ${functions.join(', ')}.`

const at = (position: number): string => `event ${position}`

const nameOf = (value: Json): ValueName => (typeof value === 'number' ? value : canonical(value))

function pairOf(value: Json | undefined, position: number, process: Process): readonly [Json, Json] {
  if (Array.isArray(value) && value.length === 2) return [value[0] as Json, value[1] as Json]
  throw new UserError(
    'input',
    `${at(position)}: process ${process}'s cas takes [old, new], not ${JSON.stringify(value)}.`,
  )
}

/** The value an observing operation saw: a cas from a value to itself is a read of it. */
function readBy(f: string, input: Json, event: EventInput): Json {
  if (f === 'cas') return Array.isArray(input) ? (input[0] as Json) : null
  return event.value ?? null
}

function sentence({ process, value }: EventInput, { key, f, input }: Open, impossible: Impossible): string {
  const of = key === undefined ? '' : ` for ${key}`
  const cas = f === 'cas' && Array.isArray(input)
  const did = cas
    ? `Process ${process} changed ${show(input[0] as Json)} to ${show(input[1] as Json)}${of}`
    : `Process ${process} read ${show(value ?? null)}${of}`
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
      return `Process ${process}'s ${cas ? 'cas to' : 'write of'} ${show(cas ? (input[1] as Json) : input)}${of} certainly failed, but the value had been read.`
    default:
      return impossible satisfies never
  }
}
