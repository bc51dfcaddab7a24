import type { MessageHandler, MessageOf } from '../turn.ts'
import { handleAnswer } from './answers.ts'
import { takeTicket } from './forwarding.ts'
import type { RoutedMessage, RoutingTurn } from './routing.ts'

/** The handlers of routed messages for a machine with a leader. */
export const routedMessages: {
  readonly [Type in RoutedMessage['type']]: MessageHandler<RoutingTurn, MessageOf<RoutedMessage, Type>>
} = {
  forward(turn, { origin, command, ticket }, from) {
    if (takeTicket(turn.state.forwarding, from, ticket)) turn.config.serve(turn, origin, command)
  },
  answer(turn, { origin, result }) {
    handleAnswer(turn, origin, result)
  },
}
