import type { NodeId } from '@chaos/faults'

export interface MachineMistake {
  readonly node: NodeId
  /** What it did, to go between the node's name and the event: `threw`, `returned a promise`. */
  readonly did: string
  /** The event, as `describeEvent` has it; absent where it was none. */
  readonly on?: string | undefined
  /** What the error says, or what to do instead. */
  readonly detail: string
  /** What was thrown; absent where nothing was. */
  readonly cause?: unknown
}

/** A protocol's own code threw, or asked for what cannot be: its mistake, not its host's, and no verdict on any level. */
export class MachineError extends Error {
  readonly node: NodeId
  /** The same for the same mistake on whatever event and node: what makes two failures one cause. */
  readonly mistake: string
  /** Where in the protocol's code, innermost first; empty where nothing was thrown. */
  readonly trace: readonly string[]

  constructor({ node, did, on, detail, cause }: MachineMistake) {
    super(`${node} ${did}${on === undefined ? '' : ` on ${on}`}: ${detail}`, { cause })
    this.name = 'MachineError'
    this.node = node
    this.trace = traceOf(cause)
    // Names and numbers differ from event to event, where it happened does not.
    this.mistake = cause === undefined ? kindOf(did) : `${did} ${this.trace[0] ?? kindOf(detail)}`
  }
}

/** What the code of a protocol threw, as its mistake. What is known as one already stays as it is. */
export function threwOn(node: NodeId, event: unknown, cause: unknown, did = 'threw'): MachineError {
  if (cause instanceof MachineError) return cause
  const on = describeEvent(event)
  return new MachineError({ node, did, on, detail: thrownText(cause), cause: cause ?? 'nothing' })
}

/** What a step throws is caught where it is called: this was begun in one, and went on by itself. */
export function threwBetweenSteps(node: NodeId, cause: unknown): MachineError {
  const did = 'threw outside its steps, from something that it left to itself'
  return new MachineError({ node, did, detail: thrownText(cause), cause: cause ?? 'nothing' })
}

const kindOf = (text: string): string => text.replaceAll(/"[^"]*"|\bn?\d[\d.,]*/g, '…')

function thrownText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return shown(thrown)
  return thrown.name === 'Error' || thrown.name === '' ? thrown.message : `${thrown.name}: ${thrown.message}`
}

const LONGEST_TEXT = 200

/** In short; a start has no event. */
export const describeEvent = (event: unknown): string => (event === undefined ? 'its start' : shown(event))

/** Any value, in short. */
export function shown(value: unknown): string {
  const text = textOf(value)
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`
}

function textOf(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (isThenable(value)) return 'a promise'
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return typeof value === 'bigint' ? `${value}n` : 'something that is no JSON'
  }
}

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

const MOST_FRAMES = 8
/** Frames of this program: whatever is below the first of them called the protocol. */
const OURS = /[/\\](?:packages|@chaos)[/\\](?:protocols|simulator|targets|cli)[/\\](?:src|dist)[/\\]/
const ALIEN = /\(?node:|[/\\]node_modules[/\\]/

/** The frames of the protocol's own code, innermost first. */
export function traceOf(thrown: unknown): readonly string[] {
  if (!(thrown instanceof Error) || typeof thrown.stack !== 'string') return []
  const frames = thrown.stack
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
  // What refuses the clock and chance to a protocol throws from within it, and is ours.
  const first = frames.findIndex((frame) => !OURS.test(frame))
  const own = frames.slice(Math.max(0, first))
  const last = own.findIndex((frame) => OURS.test(frame))
  return own
    .slice(0, last === -1 ? own.length : last)
    .filter((frame) => !ALIEN.test(frame))
    .slice(0, MOST_FRAMES)
}
