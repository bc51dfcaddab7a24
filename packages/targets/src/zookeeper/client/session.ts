import { openIntroducedLine } from '../../clients/introduced-line.ts'
import { outcomeOf } from '../../clients/outcome-of.ts'
import type { NodeAddress } from '../../clients/planned-clients.ts'
import { errorText, zookeeperErrors } from './outcomes.ts'
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

/** `sessionMs`: how long the server waits for a sign of life before it ends a session. */
export function openSessions(address: NodeAddress, sessionMs: number): Sessions {
  /** The last change that this client knows of: a server that lacks it must not answer. */
  let seen = 0n
  const line = openIntroducedLine<Reply, SessionReplies>(address, sessionReplies, (reader) =>
    reader.introduce(seen, sessionMs),
  )

  async function answerTo(
    request: (reader: SessionReplies) => Buffer,
    remainingMs: () => number,
  ): Promise<Buffer | Trouble> {
    const answer = await line.ask(request, remainingMs)
    if (answer.type !== 'reply') return answer
    const { zxid, error: code, record } = answer.reply
    if (zxid > seen) seen = zxid
    if (code === 0) return record
    const error = errorText(code)
    return { type: outcomeOf(zookeeperErrors, error), error, code }
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
