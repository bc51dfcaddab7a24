import { Undecided } from '../proof.ts'
import { isInvented, type Message, type Step } from './work-queue-record.ts'

// This file decides whether equal messages were delivered according to a rule. All rules share one state machine, and
// each rule forbids some of its steps.

interface Copy {
  readonly receipts: readonly string[]
  /** The end of the lease, in ms. */
  readonly untilMs: number
  /** Whether the copy is delivered and not returned. */
  readonly isOut: boolean
  readonly isAcknowledged: boolean
  /** Whether the queue must keep the message until it is acknowledged: its enqueue succeeded, or it is initial. */
  readonly isDue: boolean
}

interface State {
  readonly copies: readonly Copy[]
  /** The earliest possible time of the state, in ms. */
  readonly nowMs: number
}

const MOST_STEPS = 1_000
const MOST_STATES = 100_000
const NEVER = Number.NEGATIVE_INFINITY
const NEW: Copy = { receipts: [], untilMs: NEVER, isOut: false, isAcknowledged: false, isDue: false }

/** Tries every order of the answered steps, with any number of unanswered ones. */
export function isKept(rule: string, message: Message, isStartOpen: boolean): boolean {
  const steps = message.steps.toSorted((a, b) => a.of.return - b.of.return)
  if (steps.length > MOST_STEPS) throw new Undecided(`${message.text} has more than ${MOST_STEPS} operations`)
  const known = new Set<string>()
  const goOn = (done: bigint, state: State): boolean => {
    const left = [...steps.entries()].filter(([n]) => ((done >> BigInt(n)) & 1n) === 0n)
    const first = left[0]?.[1].of
    if (first === undefined || first.return === Number.POSITIVE_INFINITY) return true
    const name = `${done} ${state.nowMs} ${state.copies.map((copy) => JSON.stringify(copy)).sort()}`
    if (known.has(name)) return false
    if (known.add(name).size > MOST_STATES) throw new Undecided(`${message.text}: over ${MOST_STATES} states to search`)
    return left.some(
      ([n, step]) =>
        step.of.line < first.return &&
        follow(rule, message, isStartOpen, state, step).some((next) => goOn(done | (1n << BigInt(n)), next)),
    )
  }
  return goOn(0n, { copies: Array.from({ length: message.initially }, () => ({ ...NEW, isDue: true })), nowMs: NEVER })
}

/**
 * Returns the possible states after a step. There are none if the rule forbids the step, or if the step cannot take
 * effect before its return.
 */
function follow(rule: string, message: Message, isStartOpen: boolean, state: State, step: Step): readonly State[] {
  const { copies } = state
  const { calledNs = 0, returnedNs = Number.POSITIVE_INFINITY, outcome } = step.of
  const isBound = ({ receipts }: Copy): boolean => receipts.includes(step.receipt)
  const mayAppear = isStartOpen || (rule !== 'no-invented-messages' && isInvented(message, step.of))
  /**
   * Returns the state after the step, which takes effect at its earliest possible time. Returns no state if this time
   * is after the step's return.
   */
  const at = (next: readonly Copy[], earliestMs = NEVER): readonly State[] => {
    if (rule !== 'no-double-leases' || step.does === 'enqueue') return [{ ...state, copies: next }]
    const nowMs = Math.max(state.nowMs, calledNs / 1e6, earliestMs)
    return outcome === 'ok' && nowMs > returnedNs / 1e6 ? [] : [{ copies: next, nowMs }]
  }
  const changed = (copy: Copy, change: Partial<Copy>): readonly Copy[] =>
    copies.map((each) => (each === copy ? { ...each, ...change } : each))
  switch (step.does) {
    case 'enqueue':
      return at([...copies, { ...NEW, isDue: outcome === 'ok' }])
    case 'ack':
    case 'nack': {
      const change = step.does === 'ack' ? { isAcknowledged: true } : { isOut: false }
      return copies.filter(isBound).flatMap((copy) => at(changed(copy, { ...change, untilMs: NEVER })))
    }
    case 'take': {
      const bound = copies.filter(isBound)
      const appeared = bound.length === 0 && mayAppear ? [{ ...NEW }] : []
      return [...(bound.length > 0 ? bound : copies), ...appeared].flatMap((copy) => {
        if (rule === 'no-handouts-after-ack' && copy.isAcknowledged) return []
        if (rule === 'no-repeats' && copy.isOut) return []
        const others = copies.filter((each) => each !== copy)
        const receipts = bound.length > 0 ? copy.receipts : [...copy.receipts, step.receipt]
        // Servers measure time in ms, so a lease may be up to 1 ms shorter.
        const earliestMs = copy.untilMs - 1
        return at(others, earliestMs).map(({ nowMs }) => {
          const untilMs = step.leaseMs === undefined ? NEVER : nowMs + step.leaseMs
          return { copies: [...others, { ...copy, receipts, untilMs, isOut: true }], nowMs }
        })
      })
    }
    case 'look': {
      const left = copies.filter(({ isAcknowledged }) => !isAcknowledged)
      if (rule === 'no-lost-messages' && step.isLast && left.filter(({ isDue }) => isDue).length > step.count) return []
      if (step.count > left.length && mayAppear)
        return at([...copies, ...Array.from({ length: step.count - left.length }, () => ({ ...NEW }))])
      if (rule === 'no-invented-messages' && step.count > copies.length) return []
      if (rule === 'no-handouts-after-ack' && Math.min(step.count, copies.length) > left.length) return []
      return at(copies)
    }
    default:
      return step.does satisfies never
  }
}
