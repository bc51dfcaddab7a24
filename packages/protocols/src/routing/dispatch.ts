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
      handleMessage(turn, event.from, event.message, handlers)
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

function handleMessage<Turn extends RoutingTurn<Turn>, Message extends { readonly type: string }>(
  turn: Turn,
  from: NodeId,
  message: Message | RoutedMessage,
  handlers: Handlers<Turn, Message>,
): void {
  // One look at the type: messages have so many shapes that every look is slow.
  switch (message.type) {
    case 'forward': {
      const { origin, command, ticket } = message as Routed<'forward'>
      if (takeTicket(turn.state.forwarding, from, ticket)) turn.protocol.serve(turn, origin, command)
      return
    }
    case 'answer': {
      const { origin, result } = message as Routed<'answer'>
      handleAnswer(turn, origin, result)
      return
    }
    default:
      handlers.message(turn, from, message as Exclude<Message, RoutedMessage>)
  }
}

type Routed<Type extends RoutedMessage['type']> = Extract<RoutedMessage, { readonly type: Type }>
