import { canonical, type EventInput, isClient, type Json, keyName, type Process, UserError } from '@chaosproxy/history'
import { type Said, saidOf } from '../../encoding/half-said.ts'
import { isUnknownStart } from '../../encoding/unknown-start.ts'
import { show } from '../../verdict/words.ts'
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
  /** Absent unless it is a cas. */
  readonly said: Said | undefined
  /** Absent if the key is not judged. */
  readonly flight: Flight | undefined
}

/**
 * Checks linearizability of registers while the history is recorded. If values are distinct (among those that may still
 * be read), it reports a violation at the very event after which `check` would report one for the history so far. If
 * they repeat sooner, it may report it later or miss it, and is `not certain` from then on; a violation it does report
 * is always real. It gives up keys with appended strings and keys that the recorder marks. For a key whose initial
 * value is unknown, a violation may be reported some events late. A cas that names only its new value is taken for a
 * write, so the checker is `not certain` once one is answered by the old value.
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
        const said = f === 'cas' ? saidOf(input) : undefined
        open.set(process, { key: keyName(event.key), f, input, said, flight: called(keys, event, said, position) })
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
      if (keys.isEveryKeyTouched || keys.isAnswerUnused) return 'not certain'
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
  /** Whether some cas was taken for a write although its answer says what it replaced. */
  isAnswerUnused: boolean
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
    isAnswerUnused: false,
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

function called(keys: Keys, event: EventInput, said: Said | undefined, position: number): Flight | undefined {
  const { f, value } = event
  const key = keyName(event.key)
  const monitor = monitorOf(keys, key)
  if (!isKnown(f)) throw new UserError('input', `${at(position)}: ${unknownFunction(f)}`)
  if (monitor === 'given up') return undefined
  const { name } = keys
  let flight: Flight | 'too much to remember'
  // The monitor knows no appends; and if an invocation has no value, what it writes is unknown yet.
  const isUnsaid = value === undefined || hasMember(event, 'unsaid')
  if (f === 'append' || (isUnsaid && f !== 'read' && f !== 'get')) return giveUp(keys, key)
  else if (f === 'read' || f === 'get') flight = monitor.called(position, { kind: 'read' })
  // A further attempt at an operation takes effect only if none of the earlier ones did.
  else if (hasMember(event, 'attempt')) return giveUp(keys, key)
  else if (f !== 'cas') flight = monitor.called(position, { kind: 'write', value: name(value) })
  else if (said === undefined) throw new UserError('input', `${at(position)}: ${notACas(event)}`)
  else if (said.is === 'half') flight = monitor.called(position, { kind: 'write', value: name(said.to) })
  else if (name(said.from) === name(said.to)) flight = monitor.called(position, { kind: 'read' })
  else flight = monitor.called(position, { kind: 'write', value: name(said.to), replaces: name(said.from) })
  return flight === 'too much to remember' ? giveUp(keys, key) : flight
}

/** A recorder in this process gives further members alongside the others. */
const hasMember = (event: EventInput, name: string): boolean => name in event || event.extra?.[name] !== undefined

function ended(keys: Keys, event: EventInput, { key, said, flight }: Open, position: number): Impossible | undefined {
  const monitor = monitorOf(keys, key)
  if (monitor === 'given up' || flight === undefined) return undefined
  if (event.type === 'info') return monitor.abandoned(flight)
  if (event.type === 'fail') {
    const impossible = monitor.failed(flight)
    return impossible ?? (said?.is === 'full' && keys.failedCas === 'observes' ? giveUp(keys, key) : undefined)
  }
  if (said?.is === 'half' && saidOf(event.value)?.is === 'full') keys.isAnswerUnused = true
  // A cas from a value to itself is a read of it.
  const seen = said?.is === 'full' ? said.from : event.value
  const read = flight.written === undefined ? keys.name(seen) : undefined
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

const notACas = ({ process, value }: EventInput): string =>
  `process ${process}'s cas takes [old, new], or [new] if its answer says the old value, not ${JSON.stringify(value)}.`

function sentence({ process, value }: EventInput, { key, input, said }: Open, impossible: Impossible): string {
  const of = key === undefined ? '' : ` for ${key}`
  const did =
    said?.is === 'full'
      ? `Process ${process} changed ${show(said.from)} to ${show(said.to)}${of}`
      : said?.is === 'half'
        ? `Process ${process} changed the value to ${show(said.to)}${of}`
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
      return `Process ${process}'s ${said === undefined ? 'write of' : 'cas to'} ${show(said?.to ?? input)}${of} certainly failed, but the value had been read.`
    default:
      return impossible satisfies never
  }
}
