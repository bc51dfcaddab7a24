import {
  type NodeAddress,
  type OperationTime,
  openIntroducedLine,
  outcomeOf,
  startOperation,
  type Trouble,
} from '@chaosproxy/targets/database'
import { errorText, zookeeperErrors } from './outcomes.ts'
import { type Operation, type Reply, type SessionReplies, sessionReplies } from './replies.ts'

/** Trouble with a request, which a server may have reported by an error code. */
export interface SessionTrouble extends Trouble {
  /** The error code of the reply; absent without a reply. */
  readonly code?: number
}

/** Sends the requests of one operation, one at a time. */
export interface Asking extends OperationTime {
  /** Sends a request. Resolves with the record of its reply. */
  ask(operation: Operation, record: Buffer): Promise<Buffer | SessionTrouble>
}

export function troubleOf(code: number): SessionTrouble {
  const error = errorText(code)
  return { type: outcomeOf(zookeeperErrors, error), error, code }
}

/** Sessions with one server, each as long as its connection. No request is sent twice. */
export interface Sessions {
  begin(timeoutMs: number): Asking
  close(): void
}

/** Opens sessions. The server ends a session after `sessionMs` without a sign of life. */
export function openSessions(address: NodeAddress, sessionMs: number): Sessions {
  /** The last zxid that this client knows. A server that has not seen this change must not reply. */
  let seen = 0n
  const line = openIntroducedLine<Reply, SessionReplies>(address, sessionReplies, (reader) =>
    reader.introduce(seen, sessionMs),
  )

  async function answerTo(
    request: (reader: SessionReplies) => Buffer,
    remainingMs: () => number,
  ): Promise<Buffer | SessionTrouble> {
    const answer = await line.ask(request, remainingMs)
    if (answer.type !== 'reply') return answer
    const { zxid, error: code, record } = answer.reply
    if (zxid > seen) seen = zxid
    return code === 0 ? record : troubleOf(code)
  }

  return {
    begin(timeoutMs) {
      const time = startOperation(timeoutMs)
      return {
        ...time,
        ask: (operation, record) => answerTo((reader) => reader.request(operation, record), time.remainingMs),
      }
    },
    close: () => line.close(),
  }
}
