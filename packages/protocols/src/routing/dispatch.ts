import type { NodeId } from '@chaosproxy/faults'
import { commandOf } from '../command.ts'
import type { MachineEvent } from '../machine.ts'
import { handleAnswer } from './answers.ts'
import { takeTicket } from './forwarding.ts'
import { handleRequest, sweepRequests } from './requests.ts'
import type { RoutedMessage, RoutingTurn } from './routing.ts'

/** The events the protocol itself handles. */
export interface Handlers<Turn, Message> {
  message(turn: Turn, from: NodeId, message: Exclude<Message, RoutedMessage>): void
  /** Throws for a timer that the protocol never set. */
  timer(turn: Turn, timer: string): void
}

/** Handles everything about requests, and passes other events to the protocol. */
export function dispatch<Turn extends RoutingTurn<Turn>, Message extends { readonly type: string }>(
  turn: Turn,
  event: MachineEvent<Message | RoutedMessage>,
  handlers: Handlers<Turn, Message>,
): void {
  switch (event.type) {
    case 'message':
      if (isForward(event.message)) {
        const { origin, command, ticket } = event.message
        if (takeTicket(turn.state.forwarding, event.from, ticket)) turn.protocol.serve(turn, origin, command)
      } else if (isAnswer(event.message)) handleAnswer(turn, event.message.origin, event.message.result)
      else handlers.message(turn, event.from, event.message as Exclude<Message, RoutedMessage>)
      return
    case 'request':
      handleRequest(turn, event.requestId, commandOf(event))
      return
    case 'timer':
      if (event.timer === 'requests') sweepRequests(turn)
      else handlers.timer(turn, event.timer)
      return
    default:
      event satisfies never
  }
}

type Routed<Type extends RoutedMessage['type']> = Extract<RoutedMessage, { readonly type: Type }>

const isForward = (message: { readonly type: string }): message is Routed<'forward'> => message.type === 'forward'
const isAnswer = (message: { readonly type: string }): message is Routed<'answer'> => message.type === 'answer'
