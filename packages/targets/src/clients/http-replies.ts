import { type Answer, createReplyReader } from '@chaosproxy/wire/http'
import type { Received, ReplySource } from './line.ts'

/** Reads the HTTP replies of one connection. `expect` announces the request of the next reply. */
export interface HttpReplies extends ReplySource<Answer> {
  /** Announces the method that the next reply answers. Bodies longer than `keepBytes` are not kept. */
  expect(method: string, keepBytes: number): void
}

export function httpReplies(): HttpReplies {
  const reader = createReplyReader()
  const received = (reply: ReturnType<typeof reader.read>): Received<Answer> =>
    reply.type === 'answer' ? { type: 'reply', reply: reply.answer, reusable: reply.reusable } : reply
  return {
    expect: reader.expect,
    read: (chunk) => received(reader.read(chunk)),
    end: () => received(reader.end()),
  }
}
