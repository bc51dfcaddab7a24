import type { Nanos } from '@chaosproxy/history'
import type { Identifier, Naming, Recorder } from '@chaosproxy/recorder'
import type { ServerRecording } from '@chaosproxy/recorder/protocols'
import type { RecordFile } from '../record-file/record-file.ts'
import type { Conversation, Intercept } from './interceptor.ts'

type RecordQueue = Pick<RecordFile, 'congested' | 'whenRelieved'>

/**
 * Records the connections to a server. Bytes are passed on unchanged, and parsed.
 *
 * @param queues the record's queues; requests wait while a queue's backlog is too large.
 */
export function recordConversations(
  recording: ServerRecording,
  recorder: Pick<Recorder, 'now'>,
  queues: readonly RecordQueue[] = [],
): Intercept {
  return (conversation) => {
    const { requests, responses, client } = conversation
    const read = recording.open({ host: client.host, naming: namingOf(recording.client, conversation) })
    let isReading = true
    /**
     * The time at which the bytes in the current call of `requests.receive` arrived; undefined outside of such a call.
     * Bytes that are sent during the call get this time.
     */
    let receivedAt: Nanos | undefined

    const behind = new Set<RecordQueue>()

    /** Pauses the client while the server or the disk is behind, to bound the memory for requests. */
    function govern(): void {
      for (const queue of queues) if (queue.congested && !behind.has(queue)) waitFor(queue)
      const isWanted = !read.isFull && behind.size === 0
      if (isReading === isWanted) return
      isReading = isWanted
      requests.setReading(isReading)
    }

    function waitFor(queue: RecordQueue): void {
      behind.add(queue)
      queue.whenRelieved(() => {
        behind.delete(queue)
        govern()
      })
    }

    // Dial now, because either side may send first.
    conversation.dial()
    return {
      requests: {
        receive(bytes) {
          receivedAt = recorder.now()
          read.requested(bytes, receivedAt)
          const free = requests.pass(bytes)
          receivedAt = undefined
          govern()
          return free
        },
        end() {
          read.hungUp()
          requests.end()
        },
        reset() {
          read.hungUp()
          requests.reset()
        },
        delivered: (totalBytes) => read.sent(totalBytes, receivedAt ?? recorder.now()),
        altered: () => read.altered(),
      },
      responses: {
        receive(bytes) {
          read.answered(bytes)
          govern()
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
      disturbed: (requests = []) => read.disturbed(requests),
      closed: () => read.closed(),
    }
  }
}

/** Returns how the sessions of a connection are named. `said`: the client names them. */
function namingOf(client: Identifier | undefined, { id, client: { host }, peerProcess }: Conversation): Naming {
  switch (client) {
    case undefined:
      return { kind: 'said' }
    case 'peer.process':
      return { kind: 'fixed', session: peerProcess }
    case 'peer.address':
      return { kind: 'fixed', session: host }
    case 'connection':
      return { kind: 'fixed', session: `connection ${id}` }
  }
}
