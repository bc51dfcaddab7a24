import {
  count,
  type EventInput,
  isClient,
  type Json,
  keyName,
  type Millis,
  millis,
  type Process,
  UserError,
} from '@chaosproxy/history'
import {
  type Called,
  type Ended,
  GivenUp,
  Impossible,
  type Moment,
  type Monitors,
  type ObjectMonitor,
  type OnlineRoom,
} from './object-monitor.ts'

export interface OnlineOptions {
  /** Every object's initial value; `UNKNOWN_START` if unknown. */
  readonly initial: Json
  /**
   * `drop`: a failed cas did not happen. `observes`: it found a different value, which this checker does not support.
   * By default `drop`.
   */
  readonly failedCas?: 'drop' | 'observes' | undefined
  /**
   * Whether clients find values through a routing table. A read may then look for a value in a different place than the
   * one to which it was written. By default false.
   */
  readonly byRoutes?: boolean | undefined
  /** The maximum number of entries held per key; a key that needs more is no longer judged. By default 100,000. */
  readonly retainAtMost?: number | undefined
  /**
   * The maximum number of entries held for all keys; beyond it, the keys with the most entries are no longer judged. By
   * default 1,000,000.
   */
  readonly retainInAllAtMost?: number | undefined
  /** The maximum number of keys that are judged. By default 100,000. */
  readonly keysAtMost?: number | undefined
  /** A monotonic clock that limits each judgement; by default only steps are limited. */
  readonly now?: (() => Millis) | undefined
}

/**
 * The result so far, one of three texts. The name of the judged level, such as `linearizable`: some order explains
 * everything judged. `not ` and the name: no order explains it, and no later event can change that. `not certain`: no
 * violation was found, but some events could not be judged.
 */
export type SoFar = string

/** The first event after which nothing explains the record. */
export interface OnlineViolation {
  /** The object's key; absent if operations have no key. */
  readonly key: string | undefined
  /** Position among the events pushed, from 0. */
  readonly position: number
  /** Position among the clients' events, as in a history's `returnEvent`. */
  readonly clientPosition: number
  readonly process: Process
  /** A sentence that describes what happened. */
  readonly sentence: string
  /** The number of events pushed after the violation until it was detected. */
  readonly noticedAfter: number
}

export interface OnlineChecker {
  /**
   * Takes the next event of a history; ignores events that are not a client's. Returns the violation exactly once, when
   * it is detected.
   *
   * @throws UserError for an operation the model does not know, and for a completion without an invocation.
   */
  push(event: EventInput): OnlineViolation | undefined
  /** Judges the remaining events, which takes as long as a check of their objects. Returns the same as `push`. */
  settle(): OnlineViolation | undefined
  /** The level that is judged: the strongest of the model. */
  level(): string
  /** Returns the result for the events judged so far. Call `settle` to judge the remaining events. */
  soFar(): SoFar
  violation(): OnlineViolation | undefined
  /** The first reason why the state is `not certain`. */
  doubt(): string | undefined
  /** The number of events that were not yet judged. */
  unjudged(): number
  /** The number of entries held in memory for all keys. */
  retained(): number
}

interface Open<Flight> {
  readonly key: string | undefined
  /** The monitor's handle of the operation; undefined if the key is not judged. */
  readonly flight: Flight | undefined
}

/**
 * Judges a history by the strongest level of its model while it is recorded, with one monitor per key. Every reported
 * violation is real. Anything that it could not judge makes the state `not certain`. It gives up keys that the recorder
 * marks, and keys with repeated attempts or with writes whose value only the completion has.
 *
 * The monitors' limits and `retainInAllAtMost` bound its memory. Only two calls take longer for more keys: a mark of
 * every key, and `settle`.
 */
export function createChecker<Flight extends object>(room: OnlineRoom<Flight>, options: OnlineOptions): OnlineChecker {
  const keys = createKeys(room, options)
  const { monitors } = keys
  const open = new Map<Process, Open<Flight>>()
  let events = 0
  let others = 0
  let found: OnlineViolation | undefined
  function report({ sentence, key, at: { position, others, process } }: Impossible): OnlineViolation {
    const noticedAfter = events - 1 - position
    found = { key, position, clientPosition: position - others, process, sentence, noticedAfter }
    for (const { monitor } of keys.judged.values()) monitor?.dropped?.()
    keys.judged.clear()
    keys.doubtful.clear()
    keys.retained = 0
    open.clear()
    return found
  }
  function doubt(): string | undefined {
    if (found !== undefined) return undefined
    const progress = monitors.progress?.()
    if (progress !== undefined && progress.unjudged > 0 && !progress.isBegun) return 'nothing was judged yet'
    return doubtOf(keys)
  }
  return {
    push(event) {
      const { process } = event
      const moment: Moment = { position: events++, others, process, event }
      if (process === 'recorder') noteMark(room, keys, moment)
      if (!isClient(process)) {
        others++
        return undefined
      }
      if (found !== undefined) return undefined
      if (event.type === 'invoke') {
        const key = room.isWhole ? undefined : keyName(event.key)
        open.set(process, { key, flight: called(room, keys, key, moment) })
        return undefined
      }
      const operation = open.get(process)
      if (operation === undefined) throw notInvoked(moment)
      open.delete(process)
      const { key, flight } = operation
      if (flight === undefined) return undefined
      const impossible = ended(keys, key, flight, { ...moment, type: event.type, output: event.value })
      return impossible && report(impossible)
    },
    settle() {
      const impossible = found === undefined ? monitors.settle?.() : undefined
      return impossible && report(impossible)
    },
    level: () => monitors.level(),
    soFar() {
      if (found !== undefined) return `not ${monitors.level()}`
      return doubt() === undefined ? monitors.level() : 'not certain'
    },
    violation: () => found,
    doubt,
    unjudged: () => (found === undefined ? (monitors.progress?.().unjudged ?? 0) : 0),
    retained: () => open.size + keys.retained,
  }
}

interface Keys<Flight> {
  readonly judged: Map<string | undefined, JudgedKey<Flight>>
  /**
   * The keys that are not certain to be correct (those with a `doubt`). The key that became doubtful first comes first.
   */
  readonly doubtful: Map<string | undefined, JudgedKey<Flight>>
  none: GivenUp | undefined
  /** The number of further keys that may get a monitor. */
  left: number
  retained: number
  readonly retainInAllAtMost: number
  readonly monitors: Monitors<Flight>
}

interface JudgedKey<Flight> {
  readonly key: string | undefined
  /** Undefined once the key is given up. */
  monitor: ObjectMonitor<Flight> | undefined
  doubt: string | undefined
  retained: number
}

const RETAIN_AT_MOST = 100_000
const RETAIN_IN_ALL_AT_MOST = 1_000_000
const KEYS_AT_MOST = 100_000

function createKeys<Flight>(room: OnlineRoom<Flight>, options: OnlineOptions): Keys<Flight> {
  const { initial, failedCas = 'drop', byRoutes = false, retainAtMost = RETAIN_AT_MOST } = options
  const now = options.now ?? (() => millis(0))
  return {
    judged: new Map(),
    doubtful: new Map(),
    none: undefined,
    left: options.keysAtMost ?? KEYS_AT_MOST,
    retained: 0,
    retainInAllAtMost: options.retainInAllAtMost ?? RETAIN_IN_ALL_AT_MOST,
    monitors: room.monitors({ initial, failedCas, retainAtMost, byRoutes, now }),
  }
}

function judgedKey<Flight>(keys: Keys<Flight>, key: string | undefined): JudgedKey<Flight> | undefined {
  const known = keys.judged.get(key)
  if (known !== undefined) return known
  if (keys.none !== undefined) return undefined
  if (keys.left === 0) {
    keys.none = new GivenUp(`there are more than ${count(keys.judged.size)} keys`)
    return undefined
  }
  keys.left--
  const made: JudgedKey<Flight> = { key, monitor: undefined, doubt: undefined, retained: 0 }
  made.monitor = keys.monitors.create(key, () => account(keys, made))
  keys.judged.set(key, made)
  return made
}

function giveUp<Flight>(keys: Keys<Flight>, judged: JudgedKey<Flight>, { reason }: GivenUp): void {
  judged.monitor?.dropped?.()
  judged.monitor = undefined
  keys.retained -= judged.retained
  judged.retained = 0
  noteDoubt(keys, judged, reason)
}

/** Updates the totals after an event of a key, so that no total needs a pass over all keys. */
function account<Flight>(keys: Keys<Flight>, judged: JudgedKey<Flight>): void {
  const { monitor } = judged
  if (monitor === undefined) return
  const retained = monitor.retained()
  keys.retained += retained - judged.retained
  judged.retained = retained
  noteDoubt(keys, judged, monitor.doubt())
  if (keys.retained > keys.retainInAllAtMost) makeRoom(keys)
}

/** Gives up the largest keys until half of the memory is free, so that this is rarely needed. */
function makeRoom<Flight>(keys: Keys<Flight>): void {
  const { retainInAllAtMost } = keys
  const reason = new GivenUp(`all keys together would take more than ${count(retainInAllAtMost)} entries in memory`)
  for (const judged of [...keys.judged.values()].sort((a, b) => b.retained - a.retained)) {
    if (keys.retained <= retainInAllAtMost / 2) return
    giveUp(keys, judged, reason)
  }
}

function noteDoubt<Flight>(keys: Keys<Flight>, judged: JudgedKey<Flight>, doubt: string | undefined): void {
  if (doubt === judged.doubt) return
  judged.doubt = doubt
  if (doubt === undefined) keys.doubtful.delete(judged.key)
  else keys.doubtful.set(judged.key, judged)
}

function doubtOf<Flight>({ doubtful, none }: Keys<Flight>): string | undefined {
  if (none !== undefined) return none.reason
  for (const { key, doubt } of doubtful.values()) return key === undefined ? doubt : `${key}: ${doubt}`
  return undefined
}

const TOUCHED = new GivenUp('an unrecorded request may have changed the key, or an answer was not understood')

/**
 * Handles an event in which the recorder notes that it did not record or understand a request. Gives up the keys that
 * the request may have changed, because such a change may explain an apparent violation. If all events concern one
 * object, its monitor handles the event instead.
 */
function noteMark<Flight>(room: OnlineRoom<Flight>, keys: Keys<Flight>, mark: Moment): void {
  if (room.isWhole) {
    judgedKey(keys, undefined)?.monitor?.noted?.(mark)
    return
  }
  const { f, key } = mark.event
  if (f !== 'touched' && f !== 'not-understood') return
  const touched = keyName(key)
  if (touched === undefined) {
    keys.none = TOUCHED
    for (const judged of keys.judged.values()) giveUp(keys, judged, TOUCHED)
    return
  }
  const judged = judgedKey(keys, touched)
  if (judged !== undefined) giveUp(keys, judged, TOUCHED)
}

function called<Flight>(
  room: OnlineRoom<Flight>,
  keys: Keys<Flight>,
  key: string | undefined,
  moment: Moment,
): Flight | undefined {
  const { event } = moment
  const { f, value: input } = event
  if (!room.knows(f)) throw unknownFunction(room, f, moment)
  const judged = judgedKey(keys, key)
  if (judged?.monitor === undefined) return undefined
  const { monitor } = judged
  const operation: Called = { ...moment, f, input }
  const flight = (room.observes(f) ? undefined : obstacle(room, event)) ?? monitor.called(operation)
  if (flight instanceof GivenUp) {
    giveUp(keys, judged, flight)
    return undefined
  }
  account(keys, judged)
  return flight
}

/** Returns the reason why an operation cannot be judged, if any. */
function obstacle<Flight>(room: OnlineRoom<Flight>, event: EventInput): GivenUp | undefined {
  if ((event.value === undefined && !room.mayLackInput(event.f)) || hasMember(event, 'unsaid')) return INPUT_MISSING
  // An operation sent again takes effect only if no earlier attempt did, so it cannot be judged alone.
  return hasMember(event, 'attempt') ? REPEATED : undefined
}

const INPUT_MISSING = new GivenUp('the values of some of its operations are only in the answers')
const REPEATED = new GivenUp('requests to it were sent again')

/**
 * Reports whether an event has a non-standard member. The event itself contains this member if a recorder made the
 * event, and `extra` contains it if the event comes from a file.
 */
const hasMember = (event: EventInput, name: string): boolean => name in event || event.extra?.[name] !== undefined

function ended<Flight>(
  keys: Keys<Flight>,
  key: string | undefined,
  flight: Flight,
  ending: Ended,
): Impossible | undefined {
  const judged = judgedKey(keys, key)
  if (judged?.monitor === undefined) return undefined
  const { monitor } = judged
  const answer = monitor.ended(flight, ending)
  if (answer instanceof Impossible) return answer
  if (answer === undefined) account(keys, judged)
  else giveUp(keys, judged, answer)
  return undefined
}

const notInvoked = ({ process, event: { f }, position }: Moment): UserError =>
  new UserError(
    'input',
    `event ${position}: process ${process} completed "${f}" without having invoked it. Every ok, fail and info follows an invoke of the same process.`,
  )

const unknownFunction = <Flight>(
  { model, functions }: OnlineRoom<Flight>,
  f: string,
  { position }: Moment,
): UserError =>
  new UserError(
    'input',
    `event ${position}: the ${model} model does not know the operation "${f}"; it knows ${functions.join(', ')}.`,
  )
