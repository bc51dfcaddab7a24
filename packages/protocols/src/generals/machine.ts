import { createGenerator } from '../generator.ts'
import type { MachineEvent, NodeSetting, StateMachine } from '../machine.ts'
import { unavailable, unsupported } from '../objects/object.ts'
import { inOrder } from '../owner.ts'
import { createForwarding, issueTicket, takeTicket } from '../routing/forwarding.ts'
import { carryOut, command, conclude, handleOrder } from './agreement.ts'
import {
  commanderOf,
  type GeneralsConfig,
  type GeneralsMessage,
  type GeneralsRecord,
  type GeneralsState,
  type Order,
  send,
  type Turn,
} from './state.ts'

export type GeneralsMachine = StateMachine<GeneralsState, GeneralsMessage, GeneralsRecord>

type Request = Extract<MachineEvent<GeneralsMessage>, { readonly type: 'request' }>

/**
 * A commander sends orders to his lieutenants, one of whom, or he himself, may be a traitor who tells some of them
 * something else. All loyal generals must carry out the same orders, and the commander's, if he is loyal. The first node
 * is the commander; a traitor among the lieutenants is the last. Clients' updates are the orders; reads are answered by
 * the node that was asked. A traitor lies to other generals and not to clients.
 */
export function createGenerals(config: GeneralsConfig): GeneralsMachine {
  return {
    start(node, journal) {
      const turn: Turn = { config, state: recover(config, node), effects: [] }
      for (const { battle, decision } of journal) turn.state.decided[battle] = decision
      carryOut(turn)
      return { state: turn.state, effects: [] }
    },
    step(state, event) {
      const turn: Turn = { config, state, effects: [] }
      switch (event.type) {
        case 'request':
          handleRequest(turn, event)
          break
        case 'message': {
          const { from, message } = event
          if (message.type === 'order') handleOrder(turn, from, message)
          else if (takeTicket(state.forwarding, from, message.ticket)) command(turn, message.order)
          break
        }
        case 'timer':
          conclude(turn, Number(event.timer.slice('battle '.length)))
          break
        default:
          event satisfies never
      }
      return turn
    },
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
  }
}

function recover({ object, traitor, bug }: GeneralsConfig, { id, peers, seed }: NodeSetting): GeneralsState {
  const all = inOrder(id, peers)
  // The mistake: three generals, of whom one may be a traitor, cannot agree (§2). The others are left out.
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
}

function handleRequest(turn: Turn, { requestId, input }: Request): void {
  const { state, config, effects } = turn
  const { object } = config
  const refuse = (result: typeof unavailable) => effects.push({ type: 'reply', requestId, result })
  if (!object.functions.includes(input.f)) refuse(unsupported)
  else if (!state.generals.includes(state.id)) refuse(unavailable)
  else if (object.reads.includes(input.f))
    effects.push({ type: 'reply', requestId, result: object.apply(state.held, input) })
  else {
    const order: Order = { input, origin: { node: state.id, requestId } }
    if (state.id === commanderOf(state)) command(turn, order)
    else send(turn, commanderOf(state), { type: 'request', order, ticket: issueTicket(state.forwarding) })
  }
}
