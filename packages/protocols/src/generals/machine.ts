import { defineMachine, type MachineMaker, supported } from '../define-machine.ts'
import { createGenerator } from '../generator.ts'
import { inOrder } from '../members.ts'
import { unavailable } from '../objects/object.ts'
import { createForwarding, issueTicket, takeTicket } from '../routing/forwarding.ts'
import { carryOut, command, commanderOf, conclude, handleOrder } from './agreement.ts'
import type { Generals, Order } from './state.ts'

/**
 * A commander, the first node, sends orders to his lieutenants. He himself or one of them, the last node, may be a
 * traitor who sends different orders. All loyal generals must execute the same orders: the commander's, if he is loyal.
 * Clients' updates are the orders; the called node answers reads. A traitor lies to other generals but not to clients.
 */
export const createGenerals: MachineMaker<Generals> = defineMachine<Generals>({
  initial({ id, peers, seed }, { object, traitor, bug }) {
    const all = inOrder(id, peers)
    // The bug: only three generals take part, and three cannot agree if one may be a traitor (§2).
    const generals = bug === 'three-generals' ? all.slice(0, 3) : all
    const suspect = { none: undefined, commander: generals[0], lieutenant: generals.at(-1) }[traitor]
    return {
      id,
      generals,
      isLoyal: id !== suspect,
      generator: createGenerator(seed),
      forwarding: createForwarding(seed),
      held: object.initial(),
      applied: 0,
      decided: [],
      battles: new Map(),
    }
  },
  redo({ state }, { battle, decision }) {
    state.decided[battle] = decision
  },
  // Carries out the decisions that `redo` restored. The results are dropped, because no client waits for them: clients
  // lost their connections at the restart.
  begin: (turn) => carryOut(turn),
  request: supported((turn, requestId, { input }) => {
    const { state, config } = turn
    const { object } = config
    if (!state.generals.includes(state.id)) turn.reply(requestId, unavailable)
    else if (object.reads.includes(input.f)) turn.reply(requestId, object.apply(state.held, input))
    else {
      const order: Order = { input, origin: { node: state.id, requestId } }
      if (state.id === commanderOf(state)) command(turn, order)
      else turn.send(commanderOf(state), { type: 'request', order, ticket: issueTicket(state.forwarding) })
    }
  }),
  messages: {
    order: handleOrder,
    request(turn, { order, ticket }, from) {
      if (takeTicket(turn.state.forwarding, from, ticket)) command(turn, order)
    },
  },
  timers: { battle: (turn, number) => conclude(turn, Number(number)) },
  status(state) {
    const isCommander = state.id === commanderOf(state)
    return {
      role: `${state.isLoyal ? '' : 'traitorous '}${isCommander ? 'commander' : 'lieutenant'}`,
      leads: isCommander,
      leader: commanderOf(state),
      ready: state.generals.includes(state.id),
      ...(state.battles.size > 0 ? { owes: true } : {}),
    }
  },
})
