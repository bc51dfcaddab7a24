import { createRegisterMonitor, type Flight, type Impossible, type RegisterMonitor, type ValueName } from './monitor.ts'

/**
 * Names an initial value that no operation mentions. All other names are numbers or JSON texts, and this is neither.
 */
const UNMENTIONED: ValueName = '?'

/**
 * The maximum number of calls and returns that are kept until the initial value is known. If there are more, the key is
 * given up.
 */
const MOST_KEPT = 10_000

type Step =
  | { readonly what: 'called'; readonly position: number; readonly flight: Flight; readonly operation: Operation }
  | {
      readonly what: 'succeeded'
      readonly position: number
      readonly flight: Flight
      readonly read: ValueName | undefined
    }
  | { readonly what: 'failed' | 'abandoned'; readonly flight: Flight }

type Operation = Parameters<RegisterMonitor['called']>[1]

/**
 * Watches one register whose initial value is unknown, and keeps all events until this value is known or irrelevant. It
 * is known when a read returns a value whose write had not begun. It becomes irrelevant when the first acknowledged
 * write has returned, and all operations that were called before this return have ended. A monitor with the right
 * initial value then receives the events.
 *
 * An early read of a value whose write had begun may also have read the initial value. The monitor assumes that it read
 * the write. If this leads to a contradiction, the key is given up.
 */
export function createMonitorFromAny(retainAtMost: number): RegisterMonitor {
  let inner: RegisterMonitor | undefined
  let steps: Step[] = []
  /**
   * Operations called before the initial value was known have two flights. The key is the flight that the caller got;
   * the value is the later flight from `inner`.
   */
  const flights = new Map<Flight, Flight>()
  const written = new Set<ValueName>()
  /** The open operations that may still read the initial value. */
  const early = new Set<Flight>()
  let isOverwritten = false
  let isAmbiguous = false
  let isLost = false

  /** Returns a contradiction only if the initial value is certain; otherwise gives up the key. */
  function ifCertain(answer: Impossible | 'too much to remember' | undefined): Impossible | undefined {
    if (answer === undefined) return undefined
    if (answer !== 'too much to remember' && !isAmbiguous) return answer
    isLost = true
    steps = []
    flights.clear()
    early.clear()
    written.clear()
    inner = undefined
    return undefined
  }

  function decide(start: ValueName): Impossible | undefined {
    inner = createRegisterMonitor(start, retainAtMost)
    const kept = steps
    steps = []
    early.clear()
    written.clear()
    for (const step of kept) {
      const answer = inner === undefined ? undefined : ifCertain(give(inner, flights, step))
      if (answer !== undefined) return step === kept.at(-1) && step.what !== 'abandoned' ? answer : 'known late'
    }
    return undefined
  }

  function take(step: Step): Impossible | undefined {
    if (isLost) return undefined
    if (inner !== undefined) return ifCertain(give(inner, flights, step))
    steps.push(step)
    if (steps.length > MOST_KEPT) return ifCertain('too much to remember')
    return step.what === 'called' ? undefined : ended(step)
  }

  function ended(step: Exclude<Step, { what: 'called' }>): Impossible | undefined {
    const { flight } = step
    const observed = step.what === 'succeeded' ? (flight.written?.replaces ?? step.read) : undefined
    if (early.has(flight) && observed !== undefined) {
      if (!written.has(observed)) {
        isAmbiguous = false
        return decide(observed)
      }
      isAmbiguous = true
    }
    // A cas of unknown outcome may have replaced the initial value.
    if (step.what === 'abandoned' && flight.written?.replaces !== undefined) isAmbiguous = true
    early.delete(flight)
    if (step.what === 'succeeded' && flight.written !== undefined) isOverwritten = true
    return isOverwritten && early.size === 0 ? decide(UNMENTIONED) : undefined
  }

  return {
    called(position, operation) {
      if (inner !== undefined) {
        const real = inner.called(position, operation)
        if (real !== 'too much to remember') return real
        ifCertain(real)
      }
      const replaces = operation.kind === 'write' ? operation.replaces : undefined
      const observes = operation.kind === 'read' || replaces !== undefined
      const flight: Flight = { call: position, observes, written: writtenBy(position, operation) }
      if (isLost) return flight
      if (observes && !isOverwritten) early.add(flight)
      take({ what: 'called', position, flight, operation })
      if (operation.kind === 'write' && !isLost) written.add(operation.value)
      return flight
    },
    succeeded: (position, flight, read) => take({ what: 'succeeded', position, flight, read }),
    failed: (flight) => take({ what: 'failed', flight }),
    abandoned: (flight) => take({ what: 'abandoned', flight }),
    certain: () => !isLost && (inner?.certain() ?? !isAmbiguous),
    retained: () => steps.length + flights.size + early.size + (inner?.retained() ?? written.size),
  }
}

/** Passes a step to the inner monitor. The inner monitor has its own `Flight` for each open operation. */
function give(
  monitor: RegisterMonitor,
  flights: Map<Flight, Flight>,
  step: Step,
): Impossible | 'too much to remember' | undefined {
  if (step.what === 'called') {
    const real = monitor.called(step.position, step.operation)
    if (real === 'too much to remember') return real
    flights.set(step.flight, real)
    return undefined
  }
  const real = flights.get(step.flight) ?? step.flight
  flights.delete(step.flight)
  if (step.what === 'succeeded') return monitor.succeeded(step.position, real, step.read)
  if (step.what === 'failed') return monitor.failed(real)
  return monitor.abandoned(real)
}

/** Returns the value that an operation writes, for the `written` member of its flight. Undefined for a read. */
function writtenBy(call: number, operation: Operation): Flight['written'] {
  if (operation.kind === 'read') return undefined
  const { value, replaces } = operation
  return { value, call, replaces, block: undefined, first: -1, next: undefined, twins: undefined }
}
