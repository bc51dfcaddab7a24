import { askWithin, type LineAnswer, openLine, type ReplySource } from './line.ts'
import type { NodeAddress } from './planned-clients.ts'

/** Reads the replies of a connection that begins with an introduction of the client. */
export interface IntroducedSource<Reply> extends ReplySource<Reply> {
  /** Returns whether the server has accepted the introduction. All later replies answer requests. */
  isOpen(): boolean
}

/** A line to one node. Each new connection begins with an introduction of the client. No request is sent twice. */
interface IntroducedLine<Reply, Source> {
  ask(request: (reader: Source) => Buffer, remainingMs: () => number): Promise<LineAnswer<Reply>>
  close(): void
}

/**
 * Opens a line to a node. `introduce` returns the bytes by which the client introduces itself on a new connection. The
 * server answers them with one reply.
 */
export function openIntroducedLine<Reply, Source extends IntroducedSource<Reply>>(
  address: NodeAddress,
  readerFor: () => Source,
  introduce: (reader: Source) => Buffer,
): IntroducedLine<Reply, Source> {
  const line = openLine<Reply, Source>(address, readerFor)

  return {
    async ask(request, remainingMs) {
      for (;;) {
        let isRequest = true
        // On a new connection, sends an introduction instead of the request.
        const bytes = (reader: Source) => {
          isRequest = reader.isOpen()
          return isRequest ? request(reader) : introduce(reader)
        }
        const answer = await askWithin(line, { bytes }, remainingMs())
        if (isRequest) return answer
        if (answer.type !== 'reply')
          return {
            type: 'fail',
            error: `the request was not sent, because no session was established: ${answer.error}`,
          }
      }
    },
    close: () => line.close(),
  }
}
