import { isList, type Operation, textOf } from './history.ts'
import { type Core, type GuaranteeModel, grouped } from './patterns.ts'
import { type ProofHead, Undecided } from './proof.ts'

// Queues that lease their messages. Each guarantee is a rule; it is kept if the operations on equal messages have an order
// that agrees with real time and follows this one rule (Wing & Gong 1993). Messages of other values are other objects.

/** One operation, as far as it is about a message. */
interface Step {
  readonly of: Operation
  readonly does: 'enqueue' | 'take' | 'ack' | 'nack' | 'look'
  /** Of a take, ack or nack. */
  readonly receipt: string
  readonly leaseMs: number | undefined
  /** How many a look showed. */
  readonly shown: number
  /** Whether it is the last look at its queue. */
  readonly isLast: boolean
}

/** Equal messages of one queue. */
interface Message {
  readonly text: string
  /** How many were there at first. */
  readonly initially: number
  readonly steps: readonly Step[]
}

interface Queue {
  readonly messages: readonly Message[]
  readonly initial: readonly string[]
  /** Takes that may have got something, nobody knows what. */
  readonly unanswered: readonly Operation[]
  readonly lastLook: Operation | undefined
}

const atLeastOnce = ['no-lost-messages', 'no-invented-messages']
const leased = [...atLeastOnce, 'no-handouts-after-ack', 'no-double-leases']
const IN_ORDER = 'first-in-first-out'

export const workQueue: GuaranteeModel = {
  levels: {
    ...{ 'exactly-once': [...leased, 'no-repeats'], leased, 'at-least-once': atLeastOnce, [IN_ORDER]: [IN_ORDER] },
    ...Object.fromEntries([...leased, 'no-repeats'].map((each) => [each, [each]])),
  },
  judge(history, head) {
    const { initial } = head
    const isUnknown = initial === undefined
    const queues = [...grouped(history.operations, ({ key }) => key).values()].map((own) => queueOf(own, startOf(head)))
    return {
      breaks(guarantee, core) {
        if (guarantee === IN_ORDER) return !isUnknown && queues.some((queue) => isOutOfOrder(queue, core))
        // What is there at first and unknown excuses a violation, and explains nothing that is met.
        const isStartOpen = isUnknown && core !== undefined
        const isAbout = ({ steps }: Message): boolean =>
          core === undefined || (core.size > 0 && [...core].every((line) => steps.some(({ of }) => of.line === line)))
        const isJudged = (each: Message): boolean =>
          isAbout(each) && (guarantee !== 'no-double-leases' || !isLeased(each) || isTimed(each))
        return queues.some(({ messages }) =>
          messages.some((each) => isJudged(each) && !isKept(guarantee, each, isStartOpen)),
        )
      },
      open(guarantee) {
        const all = queues.flatMap(({ messages }) => messages)
        switch (guarantee) {
          case 'no-lost-messages':
            return queues.some(isUnfinished) ? 'nobody looked what was left in the end' : undefined
          case 'no-double-leases':
            return all.every((each) => !isLeased(each) || isTimed(each)) ? undefined : 'operations have no times'
          case IN_ORDER:
            return queues.map(whyOrderIsOpen).find((why) => why !== undefined)
          default:
            return undefined
        }
      },
    }
  },
}

function startOf({ initial = null }: ProofHead): readonly string[] {
  if (initial !== null && !isList(initial)) throw new Undecided('a work queue begins as a list of messages')
  return (initial ?? []).map(textOf)
}

function queueOf(operations: readonly Operation[], initial: readonly string[]): Queue {
  const steps = new Map<string, Step[]>()
  const stepsOf = (text: string): Step[] => {
    const own = steps.get(text) ?? []
    steps.set(text, own)
    return own
  }
  initial.forEach(stepsOf)
  const given = new Map<string, string>()
  const lastLook = operations.findLast(({ f, outcome }) => f === 'remaining' && outcome === 'ok')
  const none = { receipt: '', leaseMs: undefined, shown: 0, isLast: false }
  for (const operation of operations) {
    const { f, input, answer, outcome, line } = operation
    if (f === 'enqueue' && outcome !== 'fail') stepsOf(textOf(input)).push({ ...none, of: operation, does: 'enqueue' })
    if (outcome !== 'ok' || (f !== 'take' && f !== 'remaining')) continue
    if (f === 'remaining') {
      const texts = isList(answer) ? answer.map(textOf) : misread(line)
      for (const [text, { length }] of grouped(texts, (each) => each))
        stepsOf(text).push({ ...none, of: operation, does: 'look', shown: length, isLast: operation === lastLook })
      continue
    }
    if (input !== null && !(typeof input === 'number' && input >= 0 && input <= Number.MAX_SAFE_INTEGER))
      return misread(line)
    // A completion that repeats its invocation got nothing.
    if (answer === null || answer === input) continue
    const [value = null, receipt = null, ...others] = isList(answer) ? answer : []
    if (value === null || receipt === null || others.length > 0) return misread(line)
    const [text, name] = [textOf(value), textOf(receipt)]
    if ((given.get(name) ?? text) !== text) return misread(line)
    given.set(name, text)
    stepsOf(text).push({ ...none, of: operation, does: 'take', receipt: name, leaseMs: input ?? undefined })
  }
  for (const operation of operations) {
    const { f, input, outcome, line } = operation
    if (!['enqueue', 'take', 'remaining', 'ack', 'nack'].includes(f)) return misread(line)
    if ((f !== 'ack' && f !== 'nack') || outcome === 'fail') continue
    const receipt = textOf(input)
    const own = stepsOf(given.get(receipt) ?? misread(line))
    // What is answered before its receipt can have been given out settles nothing.
    if (own.some((each) => each.does === 'take' && each.receipt === receipt && each.of.line < operation.return))
      own.push({ ...none, of: operation, does: f, receipt })
  }
  const messages = Array.from(steps, ([text, own]): Message => {
    if (lastLook !== undefined && !own.some(({ isLast }) => isLast))
      own.push({ ...none, of: lastLook, does: 'look', isLast: true })
    return { text, initially: initial.filter((each) => each === text).length, steps: own }
  })
  const unanswered = operations.filter(({ f, outcome }) => f === 'take' && outcome === 'info')
  return { messages, initial, unanswered, lastLook }
}

const misread = (line: number): never => {
  throw new Undecided(`line ${line}: the verifier does not read this operation of a work queue`)
}

/** The steps of one kind. */
const doing = ({ steps }: Message, does: Step['does']): readonly Step[] => steps.filter((each) => each.does === does)

const copiesOf = (message: Message): number => message.initially + doing(message, 'enqueue').length

/** Whether nobody can have put the message in before this operation returned. */
const isInvented = (message: Message, operation: Operation): boolean =>
  message.initially === 0 && doing(message, 'enqueue').every((each) => each.of.line > operation.return)

/** What was confirmed and not acknowledged may still be there, if nobody looked after it. */
const isUnfinished = ({ messages, lastLook }: Queue): boolean =>
  messages.some((message) => {
    const confirmed = doing(message, 'enqueue').filter((each) => each.of.outcome === 'ok')
    if (lastLook !== undefined && confirmed.every((each) => each.of.return < lastLook.line)) return false
    return new Set(doing(message, 'ack').map(({ receipt }) => receipt)).size < message.initially + confirmed.length
  })

const isLeased = (message: Message): boolean =>
  doing(message, 'take').length > 1 && doing(message, 'take').some(({ leaseMs }) => leaseMs !== undefined)

/** Whether the times of all steps are known, and agree with the order of lines. */
function isTimed({ steps }: Message): boolean {
  const events = steps.flatMap(({ of: { line, return: end, calledNs, returnedNs } }) => [
    { at: line, ns: calledNs },
    ...(end === Number.POSITIVE_INFINITY ? [] : [{ at: end, ns: returnedNs }]),
  ])
  const inOrder = events.sort((a, b) => a.at - b.at)
  return inOrder.every(({ ns }, n) => ns !== undefined && ns >= (inOrder[n - 1]?.ns ?? ns))
}

/** One of several equal messages. */
interface Copy {
  readonly receipts: readonly string[]
  /** The end of its lease. */
  readonly untilMs: number
  /** Whether it was handed out, and not given back since. */
  readonly isOut: boolean
  readonly isAcknowledged: boolean
  /** Whether it must be there until it is acknowledged. */
  readonly isDue: boolean
}

interface State {
  readonly copies: readonly Copy[]
  /** The earliest that it can be. */
  readonly nowMs: number
}

const MOST_STEPS = 1_000
const MOST_STATES = 100_000
const NEVER = Number.NEGATIVE_INFINITY
const NEW: Copy = { receipts: [], untilMs: NEVER, isOut: false, isAcknowledged: false, isDue: false }

/** Whether some order of the answered steps, and of any of the others, follows the rule. Everything is tried. */
function isKept(rule: string, message: Message, isStartOpen: boolean): boolean {
  const steps = message.steps.toSorted((a, b) => a.of.return - b.of.return)
  if (steps.length > MOST_STEPS) throw new Undecided(`${message.text} has more than ${MOST_STEPS} operations`)
  const known = new Set<string>()
  const goOn = (done: bigint, state: State): boolean => {
    const left = [...steps.entries()].filter(([n]) => ((done >> BigInt(n)) & 1n) === 0n)
    const first = left[0]?.[1].of
    if (first === undefined || first.return === Number.POSITIVE_INFINITY) return true
    const name = `${done} ${state.nowMs} ${state.copies.map((copy) => JSON.stringify(copy)).sort()}`
    if (known.has(name)) return false
    if (known.add(name).size > MOST_STATES) throw new Undecided(`${message.text} has more than ${MOST_STATES} states`)
    return left.some(
      ([n, step]) =>
        step.of.line < first.return &&
        follow(rule, message, isStartOpen, state, step).some((next) => goOn(done | (1n << BigInt(n)), next)),
    )
  }
  return goOn(0n, { copies: Array.from({ length: message.initially }, () => ({ ...NEW, isDue: true })), nowMs: NEVER })
}

/** The states after a step; none if the rule forbids it, or if it is not its time. */
function follow(rule: string, message: Message, isStartOpen: boolean, state: State, step: Step): readonly State[] {
  const { copies } = state
  const { calledNs = 0, returnedNs = Number.POSITIVE_INFINITY, outcome } = step.of
  const isBound = ({ receipts }: Copy): boolean => receipts.includes(step.receipt)
  const mayAppear = isStartOpen || (rule !== 'no-invented-messages' && isInvented(message, step.of))
  /** Time only goes on. */
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
        // Servers count time in ms, so that a lease may be as much shorter.
        const earliestMs = copy.untilMs - 1
        return at(others, earliestMs).map(({ nowMs }) => {
          const untilMs = step.leaseMs === undefined ? NEVER : nowMs + step.leaseMs
          return { copies: [...others, { ...copy, receipts, untilMs, isOut: true }], nowMs }
        })
      })
    }
    case 'look': {
      const left = copies.filter(({ isAcknowledged }) => !isAcknowledged)
      if (rule === 'no-lost-messages' && step.isLast && left.filter(({ isDue }) => isDue).length > step.shown) return []
      if (step.shown > left.length && mayAppear)
        return at([...copies, ...Array.from({ length: step.shown - left.length }, () => ({ ...NEW }))])
      if (rule === 'no-invented-messages' && step.shown > copies.length) return []
      if (rule === 'no-handouts-after-ack' && Math.min(step.shown, copies.length) > left.length) return []
      return at(copies)
    }
    default:
      return step.does satisfies never
  }
}

/** A message that was there once: the lines between which it was put in, and taken first. */
interface Life {
  readonly message: Message
  readonly inFrom: number
  readonly inTo: number
  readonly outFrom: number
  readonly outTo: number
}

const showsOf = (message: Message): readonly Operation[] =>
  message.steps.flatMap((each) => (each.does === 'take' || each.shown > 0 ? [each.of] : []))

const isOne = (message: Message): boolean =>
  copiesOf(message) === 1 && !showsOf(message).some((each) => isInvented(message, each))

/** None of a message that was never seen. */
function livesOf(queue: Queue, message: Message): readonly Life[] {
  const shows = showsOf(message)
  if (shows.length === 0) return []
  const takes = doing(message, 'take').map((each) => each.of)
  const [enqueue] = doing(message, 'enqueue')
  const ends = [
    ...shows.map((each) => each.return),
    enqueue?.of.outcome === 'ok' ? enqueue.of.return : Number.POSITIVE_INFINITY,
  ]
  const place = queue.initial.indexOf(message.text) - queue.initial.length
  const [inFrom, inTo] = enqueue === undefined ? [place, place] : [enqueue.of.line, Math.min(...ends)]
  const calls = (takes.length > 0 ? takes : shows).map(({ line }) => line)
  const late = takes.length > 0 ? Math.min(...calls) : Math.max(...calls)
  const outTo = Math.min(Number.POSITIVE_INFINITY, ...takes.map((each) => each.return))
  return [{ message, inFrom, inTo, outFrom: Math.max(late, inFrom), outTo }]
}

/**
 * A message that was put in before another, and taken or seen after that was taken. If no two are so, there is an order of
 * all (Henzinger, Sezgin & Vafeiadis 2013).
 */
function overtakingIn(queue: Queue, messages: readonly Message[]): readonly [first: Life, later: Life] | undefined {
  const lives = messages.filter(isOne).flatMap((each) => livesOf(queue, each))
  const entered = lives.toSorted((a, b) => b.inTo - a.inTo)
  let last: Life | undefined
  for (const later of lives.toSorted((a, b) => a.inFrom - b.inFrom)) {
    for (let next = entered.at(-1); next !== undefined && next.inTo < later.inFrom; next = entered.at(-1)) {
      entered.pop()
      if (last === undefined || next.outFrom > last.outFrom) last = next
    }
    if (last !== undefined && last.outFrom > later.outTo) return [last, later]
  }
  return undefined
}

function isOutOfOrder(queue: Queue, core: Core): boolean {
  const isNamed = ({ steps }: Message): boolean => steps.some(({ of: { line } }) => core?.has(line) ?? true)
  const pair = overtakingIn(queue, queue.messages.filter(isNamed))
  if (pair === undefined) return false
  const [{ message: first }, { message, outTo }] = pair
  const lines = new Set([...first.steps, ...message.steps].map(({ of: { line } }) => line))
  // A take without an answer may have got the first.
  return (
    !queue.unanswered.some(({ line }) => line < outTo) &&
    (core === undefined || [...core].every((line) => lines.has(line)))
  )
}

function whyOrderIsOpen(queue: Queue): string | undefined {
  const isOpen = (each: Message): boolean => copiesOf(each) > 0 && showsOf(each).length > 0 && !isOne(each)
  const equal = queue.messages.find(isOpen)
  if (equal !== undefined) return `the verifier covers messages that differ, and ${equal.text} was there several times`
  return overtakingIn(queue, queue.messages) === undefined ? undefined : 'an unknown message may explain the order'
}
