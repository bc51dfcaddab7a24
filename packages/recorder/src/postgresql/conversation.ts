import { type Nanos, nanos } from '@chaosproxy/history'
import type { RecordedConversation } from '../spoken/conversation.ts'
import { conversationInOrder } from '../spoken/in-order.ts'
import { OVERFLOW, Questions, type QuestionsOptions } from './questions.ts'
import { Replies, type RepliesOptions } from './replies.ts'
import { postgresqlSpeech, type Speech } from './speech.ts'
import type { Transaction } from './unit.ts'

export interface ConversationOptions
  extends Pick<QuestionsOptions, 'connection' | 'commands' | 'naming' | 'requestOf'>,
    Pick<RepliesOptions, 'overwrites' | 'now'> {
  /** Maximum length of a message that is read, in bytes. A longer message counts as changing every row. */
  readonly maxMessageBytes: number
  readonly speech?: Speech | undefined
}

/** Records the transactions of a connection, from their first byte to the end of the reply. */
export const postgresqlConversation = ({
  connection,
  commands,
  naming,
  requestOf,
  overwrites,
  now,
  maxMessageBytes,
  speech = postgresqlSpeech,
}: ConversationOptions): RecordedConversation =>
  conversationInOrder<Transaction>({
    ...{ connection, now, maxMessageBytes, framing: speech.framing, name: speech.name },
    open({ crossings, lost }) {
      /** The arrival time of the current message, and the position of the current request's first byte. */
      let [time, startByte]: [Nanos, number] = [nanos(0), 0]
      // The members of an object are read faster if it was created without spread syntax.
      const questions = new Questions({
        connection,
        commands,
        naming,
        requestOf,
        lost,
        begun: (transaction) => crossings.begun(transaction),
        requested: (unit) => replies.expect(unit),
      })
      const replies = new Replies({ questions, connection, commands, crossings, overwrites, now, lost })
      const dialogue = speech.open({
        asks: (message) => questions.read(message, time, startByte),
        answers: (message) => replies.read(message),
        lost,
        now,
        commands,
      })
      return {
        /** Always false, so clients never wait. A connection with too many requests is no longer recorded. */
        isFull: false,
        requested(request, arrivedAt, start) {
          time = arrivedAt
          startByte = start
          dialogue.requested(request)
          if (replies.areTooMany || questions.areTooMany) lost(OVERFLOW)
        },
        answered(reply) {
          time = now()
          dialogue.answered(reply)
        },
        ended: (reason) => replies.ended(reason),
      }
    },
  })
