import { millis } from '@chaosproxy/history'
import { type ExchangeEnd, openLine } from '../../clients/line.ts'
import type { NodeAddress } from '../../clients/planned-clients.ts'
import { errorText, meaningOf } from './outcomes.ts'
import { type Operation, type Reply, type SessionReplies, sessionReplies } from './replies.ts'

/** Why there is no answer. `fail`: the request certainly had no effect; `info`: it may have had one. */
export interface Trouble {
  readonly type: 'fail' | 'info'
  readonly error: string
  /** The code that answered. */
  readonly code?: number
}

/** Sends the requests of one operation, one at a time, until its time is up. */
export interface Asking {
  /** Resolves with the record that answers. */
  ask(operation: Operation, record: Buffer): Promise<Buffer | Trouble>
  /** Waits for a moment; resolves with false if no time is left. */
  pause(): Promise<boolean>
}

export const isTrouble = (answer: object): answer is Trouble => 'type' in answer && 'error' in answer

/** Sessions with one server, one after the other: each lasts as long as its connection. No request is sent twice. */
export interface Sessions {
  begin(timeoutMs: number): Asking
  close(): void
}

/** The pause before trying again what another client interfered with. */
const PAUSE_MS = 5

/** `sessionMs`: how long the server waits for a sign of life before it ends a session, and with it its ephemeral nodes. */
export function openSessions(address: NodeAddress, sessionMs: number): Sessions {
  const line = openLine<Reply, SessionReplies>(address, sessionReplies)
  /** The last change that this client knows of: a server that lacks it must not answer. */
  let seen = 0n

  /** Sends a request, or asks for a session if there is none on the line, and says which of both. */
  function send(
    request: (reader: SessionReplies) => Buffer,
    timeoutMs: number,
  ): Promise<{ readonly isRequest: boolean; readonly end: ExchangeEnd<Reply> }> {
    return new Promise((resolve) => {
      let isRequest = false
      line.ask({
        bytes(reader) {
          isRequest = reader.isOpen()
          return isRequest ? request(reader) : reader.introduce(seen, sessionMs)
        },
        timeoutMs: millis(Math.ceil(timeoutMs)),
        ended: (end) => resolve({ isRequest, end }),
      })
    })
  }

  async function answerTo(
    request: (reader: SessionReplies) => Buffer,
    remainingMs: () => number,
  ): Promise<Buffer | Trouble> {
    for (;;) {
      const leftMs = remainingMs()
      if (leftMs <= 0) return { type: 'fail', error: 'not asked: no time was left' }
      const { isRequest, end } = await send(request, leftMs)
      if (end.type === 'lost') {
        if (isRequest) return { type: end.neverLeft ? 'fail' : 'info', error: end.why }
        return { type: 'fail', error: `not asked, for there was no session: ${end.why}` }
      }
      const { reply } = end
      if (reply.type === 'session') continue
      if (reply.zxid > seen) seen = reply.zxid
      if (reply.error === 0) return reply.record
      const error = errorText(reply.error)
      return { type: meaningOf(error), error, code: reply.error }
    }
  }

  return {
    begin(timeoutMs) {
      const deadline = performance.now() + timeoutMs
      const remainingMs = () => deadline - performance.now()
      return {
        ask: (operation, record) => answerTo((reader) => reader.request(operation, record), remainingMs),
        async pause() {
          if (remainingMs() <= PAUSE_MS) return false
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
          return true
        },
      }
    },
    close: () => line.close(),
  }
}
