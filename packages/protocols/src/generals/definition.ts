import type { NodeId } from '@chaosproxy/faults'
import type { InvariantWatch, ProtocolDefinition } from '../definition.ts'
import { bug, defineProtocol } from '../options.ts'
import { commanderOf, textOf } from './agreement.ts'
import { createGenerals } from './machine.ts'
import type { GeneralsMessage, GeneralsState } from './state.ts'

type Watch = InvariantWatch<GeneralsState, GeneralsMessage>

// The interactive consistency conditions of Lamport, Shostak & Pease, 1982, §1.

/**
 * Checks that loyal generals make the same decisions. If `byCommander` is true, they are compared with the loyal
 * commander's decision. Otherwise, they are compared with the decision of the loyal lieutenant that decided first.
 */
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
          // A loyal commander decides in the step that sends his order. If he has not decided yet, a lieutenant's
          // decision cannot follow from his order.
          if (isCommander || !byCommander) first[checked] = { by: node, text }
        } else if (known.text !== text)
          return `in battle ${checked + 1} ${known.by} does ${known.text}, and ${node} does ${text}`
      }
      return undefined
    }
  }
}

export const generals: ProtocolDefinition = defineProtocol({
  name: 'generals',
  summary: 'a commander and lieutenants agree on orders though one of them lies: Byzantine generals, oral or signed',
  defaultNodes: 4,
  settings: {
    messages: {
      summary: 'oral: a general can alter a message that he passes on; signed: the others would notice',
      default: 'oral',
      values: ['oral', 'signed'],
    },
    traitor: {
      summary: 'the traitor, who sends some of the others another order',
      default: 'lieutenant',
      values: ['none', 'commander', 'lieutenant'],
    },
    'round-ms': {
      summary: 'longest time for a message; after two such rounds nobody waits any longer',
      default: 200,
    },
  },
  bugs: {
    'trust-commander': bug('lieutenants do not tell each other the order that they got: OM(0)', ['clock'], {
      settings: { traitor: 'commander' },
    }),
    'three-generals': bug('only three take part, though one of them may be a traitor', ['clock']),
    'unverified-signatures': bug('signatures of orders are not verified', ['clock'], {
      settings: { messages: 'signed' },
    }),
  },
  invariants: [
    /** IC1: all loyal lieutenants obey the same order. */
    { name: 'agreement', watch: () => watchDecisions(false) },
    /** IC2: if the commander is loyal, every loyal lieutenant obeys the order he sends. */
    { name: 'validity', watch: () => watchDecisions(true) },
  ],
  // A commander who is a traitor confirms orders without sending them to any general.
  promises: (_, { traitor }) => (traitor === 'commander' ? 'none' : 'eventual'),
  // The traitor is the only fault. The algorithm assumes that "the absence of a message can be detected" (A3). This is
  // possible only if messages arrive in time.
  notUnder: [
    ...(['partition', 'blackhole', 'latency', 'bandwidth', 'reset', 'kill', 'crash', 'pause'] as const),
    ...(['drop-message', 'duplicate-message', 'reorder-message', 'delay-message', 'corrupt-message'] as const),
  ],
  impossible: ({ messages = 'oral', traitor = 'lieutenant' }, nodes) => {
    if (traitor === 'none') return undefined
    if (messages === 'oral' && nodes < 4)
      return `of ${nodes} generals one is a traitor, and with oral messages 3m + 1 are needed for m traitors (Lamport, Shostak & Pease 1982): use 4, or messages=signed`
    return nodes < 3 ? `with a traitor and ${nodes} generals nobody is left to agree with: use 3 or more` : undefined
  },
  create: createGenerals,
})
