import type { NodeId } from '@chaosproxy/faults'
import type { Invariant, InvariantWatch } from '../definition.ts'
import { commanderOf, type GeneralsMessage, type GeneralsState, textOf } from './state.ts'

type Watch = InvariantWatch<GeneralsState, GeneralsMessage>

// The interactive consistency conditions of Lamport, Shostak & Pease, 1982, §1.

export const generalsInvariants: readonly Invariant[] = [
  { name: 'agreement', summary: 'IC1: all loyal lieutenants obey the same order', watch: () => watchDecisions(false) },
  {
    name: 'validity',
    summary: 'IC2: if the commander is loyal, every loyal lieutenant obeys the order he sends',
    watch: () => watchDecisions(true),
  },
]

/** Compares the decisions of loyal nodes with those made first: by the commander, or by any lieutenant. */
function watchDecisions(byCommander: boolean): Watch {
  const first: { readonly by: NodeId; readonly text: string }[] = []
  return (node) => {
    let checked = 0
    return (state, event) => {
      if (event === undefined) checked = 0
      const isCommander = node === commanderOf(state)
      if (!state.isLoyal || (isCommander && !byCommander)) return undefined
      for (; checked < state.applied; checked++) {
        const text = textOf(state.decided[checked] ?? null)
        const known = first[checked]
        if (known === undefined) {
          // A loyal commander decides before any message leaves him; an order that is missing from his decisions was
          // not given loyally.
          if (isCommander || !byCommander) first[checked] = { by: node, text }
        } else if (known.text !== text)
          return `in battle ${checked + 1} ${known.by} does ${known.text}, and ${node} does ${text}`
      }
      return undefined
    }
  }
}
