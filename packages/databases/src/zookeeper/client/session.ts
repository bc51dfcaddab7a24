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

/** Trouble that a server may have answered with. */
export interface SessionTrouble extends Trouble {
  /** The code that answered. */
  readonly code?: number
}

/** Sends the requests of one operation, one at a time, until its time is up. */
export interface Asking extends OperationTime {
  /** Resolves with the record that answers. */
  ask(operation: Operation, record: Buffer): Promise<Buffer | SessionTrouble>
}

export function troubleOf(code: number): SessionTrouble {
  const error = errorText(code)
  return { type: outcomeOf(zookeeperErrors, error), error, code }
}

/** Sessions with one server, one after the other: each lasts as long as its connection. No request is sent twice. */
export interface Sessions {
  begin(timeoutMs: number): Asking
  close(): void
}

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
