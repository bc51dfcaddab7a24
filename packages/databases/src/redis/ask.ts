import type { Json } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import {
  askWithin,
  errorOf,
  inTurn,
  openLine,
  type RespReplies,
  type RespReply,
  respReplies,
} from '@chaosproxy/targets/database'

/** Sends commands to a Redis or a Sentinel, one at a time, on one connection. */
export interface Asker {
  /** Sends a command. Resolves with `undefined` for an error or a timeout. */
  ask(words: readonly string[], timeoutMs: number): Promise<Json | undefined>
  close(): void
}

export function openAsker({ host, port }: Address): Asker {
  const line = openLine<RespReply, RespReplies>({ node: `${host}:${port}`, host, port }, respReplies)
  const next = inTurn()
  let closed = false
  return {
    ask: (words, timeoutMs) =>
      next(async () => {
        if (closed) return undefined
        const answer = await askWithin(line, { bytes: (reader) => reader.bytes({ words }) }, Math.max(1, timeoutMs))
        const reply = answer.type === 'reply' ? answer.reply.reply : undefined
        return errorOf(reply) === undefined ? reply : undefined
      }),
    close() {
      closed = true
      line.close()
    },
  }
}
