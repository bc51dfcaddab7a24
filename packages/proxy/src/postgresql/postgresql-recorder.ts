import type { Endpoint } from '@chaosproxy/faults'
import type { Recorder } from '@chaosproxy/recorder'
import { PostgresqlConversation, type PostgresqlSettings } from '@chaosproxy/recorder/postgresql'
import { recordedProtocols } from '@chaosproxy/recorder/protocols'
import { namingOf } from '../interceptor/client-naming.ts'
import type { Conversation, Intercept, Interceptor } from '../interceptor/interceptor.ts'

export interface PostgresqlRecorderOptions extends PostgresqlSettings {
  readonly recorder: Recorder
  /** The server's name in the history. */
  readonly node: Endpoint
}

/** Longer messages are not read. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/** Records the operations of clients of PostgreSQL. Bytes are passed on unchanged and read on the way. */
export function recordPostgresql({ recorder, node, commands, client, initial }: PostgresqlRecorderOptions): Intercept {
  recorder.clientsBy({ by: client ?? recordedProtocols.postgresql.namedBy, named: true })
  recorder.startsWith(typeof initial === 'object' ? initial : undefined)
  return (conversation) => {
    const connection = recorder.connection({ node, client: conversation.client.host })
    const read = new PostgresqlConversation({
      connection,
      now: () => recorder.now(),
      commands,
      naming: namingOf(client, conversation),
      maxMessageBytes: MAX_MESSAGE_BYTES,
    })
    return intercepted(conversation, read, () => connection.hungUp())
  }
}

function intercepted(
  { requests, responses, dial }: Conversation,
  read: PostgresqlConversation,
  hungUp: () => void,
): Interceptor {
  dial()
  return {
    requests: {
      receive(bytes) {
        read.asked(bytes)
        return requests.pass(bytes)
      },
      end() {
        hungUp()
        requests.end()
      },
      reset() {
        hungUp()
        requests.reset()
      },
      delivered: (totalBytes) => read.sent(totalBytes),
      altered: () => read.disturbed(),
    },
    responses: {
      receive(bytes) {
        read.answered(bytes)
        return responses.pass(bytes)
      },
      end() {
        read.ended('the server ended the connection')
        responses.end()
      },
      reset() {
        read.ended('the server reset the connection')
        responses.reset()
      },
      delivered: (totalBytes) => read.delivered(totalBytes),
    },
    disturbed: () => read.disturbed(),
    closed() {
      hungUp()
      read.closed()
    },
  }
}
