import { type Json, millis } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import { errorOf, openLine, type RespReplies, type RespReply, respReplies } from '@chaosproxy/targets/database'

/** Sends commands to a Redis or a Sentinel, one at a time, on one connection. */
export interface Asker {
  /** Sends a command. Resolves with `undefined` for an error or a timeout. */
  ask(words: readonly string[], timeoutMs: number): Promise<Json | undefined>
  close(): void
}

export function openAsker({ host, port }: Address): Asker {
  const line = openLine<RespReply, RespReplies>({ node: `${host}:${port}`, host, port }, respReplies)
  let last: Promise<unknown> = Promise.resolve()
  let closed = false
  const askNow = (words: readonly string[], timeoutMs: number) =>
    new Promise<Json | undefined>((resolve) => {
      if (closed) return resolve(undefined)
      line.ask({
        bytes: (reader) => reader.bytes({ words }),
        timeoutMs: millis(Math.max(1, timeoutMs)),
        ended: (end) =>
          resolve(end.type === 'reply' && errorOf(end.reply.reply) === undefined ? end.reply.reply : undefined),
      })
    })
  return {
    ask(words, timeoutMs) {
      const reply = last.then(() => askNow(words, timeoutMs))
      last = reply
      return reply
    },
    close() {
      closed = true
      line.close()
    },
  }
}
