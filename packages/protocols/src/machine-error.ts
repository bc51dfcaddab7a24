import type { NodeId } from '@chaosproxy/faults'

export interface MachineMistake {
  readonly node: NodeId
  /** The violation as a verb phrase: `threw`, `returned a promise`. */
  readonly did: string
  readonly on?: string | undefined
  readonly detail: string
  readonly cause?: unknown
  /** Whether the code used almost all memory. A replay would do the same. */
  readonly exhausts?: true | undefined
}

/** A program that implements a node did not answer before a timeout. A replay would wait for the same timeout again. */
export class SilentProgramError extends Error {}

/**
 * A protocol's own code threw or requested something impossible. The error allows no conclusion about consistency
 * levels.
 */
export class MachineError extends Error {
  readonly node: NodeId
  /** The violation without its event and node. Failures with the same text count as one cause. */
  readonly mistake: string
  /** Stack frames in the protocol's code, innermost first; empty if nothing was thrown. */
  readonly trace: readonly string[]
  /** Whether the code used almost all memory. A replay would do the same. */
  readonly exhausts: true | undefined

  constructor({ node, did, on, detail, cause, exhausts }: MachineMistake) {
    super(`${node} ${did}${on === undefined ? '' : ` on ${on}`}: ${detail}`, { cause })
    this.name = 'MachineError'
    this.node = node
    this.exhausts = exhausts
    this.trace = traceOf(cause)
    // The error message contains names and numbers that differ between failures of the same cause. The place in the
    // code does not differ.
    this.mistake = cause === undefined ? kindOf(did) : `${did} ${this.trace[0] ?? kindOf(detail)}`
  }
}

/** Returns an error that attributes a thrown value to the protocol. A `MachineError` is returned unchanged. */
export function threwOn(node: NodeId, event: unknown, cause: unknown, did = 'threw'): MachineError {
  if (cause instanceof MachineError) return cause
  const on = describeEvent(event)
  return new MachineError({ node, did, on, detail: thrownText(cause), cause: cause ?? 'nothing' })
}

/** Returns the error for a value thrown by asynchronous code that a step started. */
export function threwBetweenSteps(node: NodeId, cause: unknown): MachineError {
  const did = 'threw outside its steps, in asynchronous code that a step started'
  return new MachineError({ node, did, detail: thrownText(cause), cause: cause ?? 'nothing' })
}

const kindOf = (text: string): string => text.replaceAll(/"[^"]*"|\bn?\d[\d.,]*/g, '…')

function thrownText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return valueText(thrown)
  return thrown.name === 'Error' || thrown.name === '' ? thrown.message : `${thrown.name}: ${thrown.message}`
}

const LONGEST_TEXT = 200

/** Describes an event; `undefined` is the start of a node. */
export const describeEvent = (event: unknown): string => (event === undefined ? 'its start' : valueText(event))

/** Any value, shortened. */
export function valueText(value: unknown): string {
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
const OURS =
  /[/\\](?:(?:packages|@chaosproxy)[/\\](?:protocols|simulator|targets|cli)|chaosproxy)[/\\](?:src|dist|bundle)[/\\]/
const ALIEN = /\(?node:|[/\\]node_modules[/\\]/

/** Returns the frames of the protocol's own code, innermost first. */
export function traceOf(thrown: unknown): readonly string[] {
  if (!(thrown instanceof Error) || typeof thrown.stack !== 'string') return []
  const frames = thrown.stack
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
  // Skips this program's own frames at the top: its guards against clocks and randomness throw inside the protocol.
  const first = frames.findIndex((frame) => !OURS.test(frame))
  const own = frames.slice(Math.max(0, first))
  const last = own.findIndex((frame) => OURS.test(frame))
  return own
    .slice(0, last === -1 ? own.length : last)
    .filter((frame) => !ALIEN.test(frame))
    .slice(0, MOST_FRAMES)
}
