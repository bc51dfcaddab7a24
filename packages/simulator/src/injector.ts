import { type Fault, type Link, linkName } from '@chaosproxy/faults'
import type { Cluster, Healed } from '@chaosproxy/runner'

/** Heals the fault and returns how often it took effect. */
export type Undo = () => number

export interface InjectorOptions {
  /** Calls back at the current virtual time, after all events that are already scheduled for this time. */
  soon(callback: () => void): void
  /** Returns why a fault cannot be injected; undefined if it can. */
  problemOf(fault: Fault): string | undefined
  /** Applies a fault that can be injected. The fault is in effect on return. */
  strike(fault: Fault): Undo
}

export interface Injector extends Pick<Cluster, 'inject'> {
  healAll(): void
}

export function createInjector({ soon, problemOf, strike }: InjectorOptions): Injector {
  const inForce = new Set<Undo>()
  return {
    inject(fault, injected) {
      const error = problemOf(fault)
      if (error !== undefined) {
        soon(() => injected({ type: 'failed', error }))
        return
      }
      const undo = once(strike(fault))
      inForce.add(undo)
      const heal = (healed: (outcome: Healed) => void): void => {
        inForce.delete(undo)
        const hits = undo()
        soon(() => healed({ type: 'healed', hits }))
      }
      soon(() => injected({ type: 'injected', heal }))
    },
    healAll() {
      for (const undo of inForce) undo()
      inForce.clear()
    },
  }
}

function once(undo: Undo): Undo {
  let hits: number | undefined
  return () => {
    hits ??= undo()
    return hits
  }
}

interface Place {
  readonly nodes: { has(node: string): boolean }
  readonly network: { has(link: Link): boolean }
}

/** Returns a message if a node or link of the fault does not exist; otherwise undefined. */
export function strangerIn(fault: Fault, { nodes, network }: Place): string | undefined {
  if ('nodes' in fault) {
    const stranger = fault.nodes.find((id) => !nodes.has(id))
    return stranger === undefined ? undefined : `there is no node ${stranger}`
  }
  const stranger = fault.links.find((link) => !network.has(link))
  return stranger === undefined ? undefined : `there is no link ${linkName(stranger)}`
}
