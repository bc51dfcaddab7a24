import { isList, type Operation, textOf } from '../history.ts'
import { type ProofHead, Undecided } from '../proof.ts'
import { grouped, misread } from './patterns.ts'

/** One operation, restricted to one message. */
export interface Step {
  readonly of: Operation
  readonly does: 'enqueue' | 'take' | 'ack' | 'nack' | 'look'
  readonly receipt: string
  readonly leaseMs: number | undefined
  /** The number of copies that a listing of the queue (`look`) showed. */
  readonly count: number
  /** Whether this step is the last listing of the queue. */
  readonly isLast: boolean
}

export interface Message {
  readonly text: string
  readonly initially: number
  readonly steps: readonly Step[]
}

export interface Queue {
  readonly messages: readonly Message[]
  readonly initial: readonly string[]
  /** The `take` operations of unknown outcome, each of which may have received a message. */
  readonly unanswered: readonly Operation[]
  readonly lastLook: Operation | undefined
}

export function startOf({ initial = null }: ProofHead): readonly string[] {
  if (initial !== null && !isList(initial)) throw new Undecided('the initial value must be a list of messages')
  return (initial ?? []).map(textOf)
}

export function queueOf(operations: readonly Operation[], initial: readonly string[]): Queue {
  const steps = new Map<string, Step[]>()
  const stepsOf = (text: string): Step[] => {
    const own = steps.get(text) ?? []
    steps.set(text, own)
    return own
  }
  initial.forEach(stepsOf)
  const given = new Map<string, string>()
  const lastLook = operations.findLast(({ f, outcome }) => f === 'remaining' && outcome === 'ok')
  const none = { receipt: '', leaseMs: undefined, count: 0, isLast: false }
  for (const operation of operations) {
    const { f, input, answer, outcome } = operation
    if (f === 'enqueue' && outcome !== 'fail') stepsOf(textOf(input)).push({ ...none, of: operation, does: 'enqueue' })
    if (outcome !== 'ok' || (f !== 'take' && f !== 'remaining')) continue
    if (f === 'remaining') {
      const texts = isList(answer) ? answer.map(textOf) : misread(operation)
      for (const [text, { length }] of grouped(texts, (each) => each))
        stepsOf(text).push({ ...none, of: operation, does: 'look', count: length, isLast: operation === lastLook })
      continue
    }
    if (input !== null && !(typeof input === 'number' && input >= 0 && input <= Number.MAX_SAFE_INTEGER))
      return misread(operation)
    // If the answer repeats the input of the call, no message was received.
    if (answer === null || answer === input) continue
    const [value = null, receipt = null, ...others] = isList(answer) ? answer : []
    if (value === null || receipt === null || others.length > 0) return misread(operation)
    const [text, name] = [textOf(value), textOf(receipt)]
    if ((given.get(name) ?? text) !== text) return misread(operation)
    given.set(name, text)
    stepsOf(text).push({ ...none, of: operation, does: 'take', receipt: name, leaseMs: input ?? undefined })
  }
  for (const operation of operations) {
    const { f, input, outcome } = operation
    if (!['enqueue', 'take', 'remaining', 'ack', 'nack'].includes(f)) return misread(operation)
    if ((f !== 'ack' && f !== 'nack') || outcome === 'fail') continue
    const receipt = textOf(input)
    const own = stepsOf(given.get(receipt) ?? misread(operation))
    // Ignores an ack or a nack that was answered before its message was taken.
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

export const doing = ({ steps }: Message, does: Step['does']): readonly Step[] =>
  steps.filter((each) => each.does === does)

export const copiesOf = (message: Message): number => message.initially + doing(message, 'enqueue').length

/** Returns whether the message certainly was not in the queue before this operation returned. */
export const isInvented = (message: Message, operation: Operation): boolean =>
  message.initially === 0 && doing(message, 'enqueue').every((each) => each.of.line > operation.return)
