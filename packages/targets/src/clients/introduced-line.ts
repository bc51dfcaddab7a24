import { millis } from '@chaosproxy/history'
import { type ExchangeEnd, openLine, type ReplySource } from './line.ts'
import type { NodeAddress } from './planned-clients.ts'

/** Reads the replies of a connection on which the client first introduces itself. */
export interface IntroducedSource<Reply> extends ReplySource<Reply> {
  /**
   * Returns whether the server has accepted the client. From then on, each reply answers a request instead of the
   * introduction.
   */
  isOpen(): boolean
}

/**
 * The outcome of a request. `fail` means that the request certainly had no effect, and `info` that it may have had an
 * effect.
 */
type Answer<Reply> =
  | { readonly type: 'reply'; readonly reply: Reply }
  | { readonly type: 'fail' | 'info'; readonly error: string }

/** A line to one node. Its connections send an introduction before they carry requests. Nothing is sent twice. */
export interface IntroducedLine<Reply, Source> {
  /** Sends a request. Resolves at the latest when no time is left. */
  ask(request: (reader: Source) => Buffer, remainingMs: () => number): Promise<Answer<Reply>>
  close(): void
}

/**
 * Opens a line. `introduce` returns the bytes of an introduction. The server answers an introduction with one reply.
 */
export function openIntroducedLine<Reply, Source extends IntroducedSource<Reply>>(
  address: NodeAddress,
  readerFor: () => Source,
  introduce: (reader: Source) => Buffer,
): IntroducedLine<Reply, Source> {
  const line = openLine<Reply, Source>(address, readerFor)

  /** Sends the request, or an introduction if the connection is new. Returns which of them was sent. */
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
          if (!isRequest) return { type: 'fail', error: `not asked, for there was no session: ${end.why}` }
          return { type: end.neverLeft ? 'fail' : 'info', error: end.why }
        }
        if (isRequest) return end
      }
    },
    close: () => line.close(),
  }
}
