import type { NodeId } from '@chaosproxy/faults'
import { type Input, type Nanos, nanos } from '@chaosproxy/history'
import type { AnyMachine } from '@chaosproxy/protocols'
import type { NodeState } from '@chaosproxy/runner/result'

/** Watches the nodes' own views: their roles and terms, and their copies' answers to these reads. */
export interface NodeStateWatch {
  observe(node: NodeId, now: () => Nanos): (state: unknown) => void
  /** Every change, in order of time; the first state of each node is at 0 or when it first starts. */
  states(): readonly NodeState[]
}

export function createNodeStateWatch(machine: AnyMachine, reads: readonly Input[]): NodeStateWatch {
  const states: NodeState[] = []

  function stateOf(node: NodeId, state: unknown, at: Nanos): NodeState {
    const { role, term, alone } = machine.status(state)
    const copies = reads.flatMap((read) => {
      const value = machine.holds?.(state, read)
      return value === undefined ? [] : [{ ...(read.key === undefined ? {} : { key: read.key }), value }]
    })
    return { at, node, role, ...(alone === true ? { alone } : {}), ...(term === undefined ? {} : { term }), copies }
  }

  function observe(node: NodeId, now: () => Nanos): (state: unknown) => void {
    let latest = ''
    return (state) => {
      // Elections before the scenario begins are not part of it.
      const seen = stateOf(node, state, nanos(Math.max(0, now())))
      const text = JSON.stringify({ ...seen, at: 0 })
      if (text === latest) return
      latest = text
      states.push(seen)
    }
  }

  return { observe, states: () => states }
}
