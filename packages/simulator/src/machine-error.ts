import type { NodeId } from '@chaos/faults'

/** A protocol's own code threw, or asked for what cannot be: its mistake, not the simulator's, and no verdict on any level. */
export class MachineError extends Error {
  readonly node: NodeId

  constructor(node: NodeId, what: string, cause?: unknown) {
    super(`${node} ${what}`, { cause })
    this.name = 'MachineError'
    this.node = node
  }
}

/** The event is absent for a start. */
export function threwOn(node: NodeId, event: unknown, cause: unknown): MachineError {
  const what = cause instanceof Error ? cause.message : String(cause)
  return new MachineError(node, `threw on ${describeEvent(event)}: ${what}`, cause)
}

const LONGEST_TEXT = 200

/** In short; a start has no event. */
export function describeEvent(event: unknown): string {
  if (event === undefined) return 'its start'
  const text = JSON.stringify(event) ?? String(event)
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`
}
