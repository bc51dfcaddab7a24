import { millis } from '@chaosproxy/history'
import { type ExchangeEnd, openLine, type ReplySource } from './line.ts'
import type { NodeAddress } from './planned-clients.ts'

/** Reads the replies of a connection that begins with an introduction of the client. */
export interface IntroducedSource<Reply> extends ReplySource<Reply> {
  /** Returns whether the server has accepted the client, so that replies now answer requests. */
  isOpen(): boolean
}

/** The outcome of a request. `fail` means certainly no effect, and `info` possibly an effect. */
type Answer<Reply> =
  | { readonly type: 'reply'; readonly reply: Reply }
  | { readonly type: 'fail' | 'info'; readonly error: string }

/** A line to one node. Each new connection begins with an introduction of the client. No request is sent twice. */
interface IntroducedLine<Reply, Source> {
  ask(request: (reader: Source) => Buffer, remainingMs: () => number): Promise<Answer<Reply>>
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

  /** Sends the request. On a new connection, sends an introduction instead: `isRequest` is then false. */
  function send(
    request: (reader: Source) => Buffer,
    timeoutMs: number,
  ): Promise<{ readonly isRequest: boolean; readonly end: ExchangeEnd<Reply> }> {
    return new Promise((resolve) => {
      let isRequest = false
      line.ask({
        bytes(reader) {
          isRequest = reader.isOpen()
          return isRequest ? request(reader) : introduce(reader)
        },
        timeoutMs: millis(Math.ceil(timeoutMs)),
        ended: (end) => resolve({ isRequest, end }),
      })
    })
  }

  return {
    async ask(request, remainingMs) {
      for (;;) {
        const leftMs = remainingMs()
        if (leftMs <= 0) return { type: 'fail', error: 'not asked: no time was left' }
        const { isRequest, end } = await send(request, leftMs)
        if (end.type === 'lost') {
          if (!isRequest)
            return { type: 'fail', error: `the request was not sent, because no session was established: ${end.why}` }
          return { type: end.neverLeft ? 'fail' : 'info', error: end.why }
        }
        if (isRequest) return end
      }
    },
    close: () => line.close(),
  }
}
