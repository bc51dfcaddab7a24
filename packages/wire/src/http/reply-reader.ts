import type { Answer } from './answer.ts'
import { BodyCapture } from './body-capture.ts'
import { HeaderMemo } from './header-memo.ts'
import { MessageParser } from './message-parser.ts'
import { bodyOfResponse, type ResponseHead, ResponseHeadReader } from './response-head.ts'
import { STEP } from './syntax.ts'

type ReadReply =
  | { readonly type: 'incomplete' }
  /** If `reusable`, another request may follow. */
  | { readonly type: 'answer'; readonly answer: Answer; readonly reusable: boolean }
  | { readonly type: 'unreadable'; readonly why: string }

/** Reads the responses to a client that never has two open requests. */
export interface ReplyReader {
  /** Announces the method of the next request. A body of up to `keepBytes` is kept. */
  expect(method: string, keepBytes: number): void
  read(chunk: Buffer): ReadReply
  /** Reports that the server ended the connection, which may also end a response. */
  end(): ReadReply
}

const INCOMPLETE: ReadReply = { type: 'incomplete' }

export function createReplyReader(): ReplyReader {
  const parser = new MessageParser<ResponseHead>(new ResponseHeadReader(new HeaderMemo()))
  const body = new BodyCapture()
  let method = ''
  let keepBytes = 0
  let head: ResponseHead | undefined
  let reusable = true

  function done(rest: boolean): ReadReply {
    if (head === undefined) return { type: 'unreadable', why: 'an answer without a head' }
    const { status, headers } = head
    const answer = { status, headers, body: body.end() }
    head = undefined
    return { type: 'answer', answer, reusable: reusable && !rest }
  }

  return {
    expect(requestMethod, bytes) {
      method = requestMethod
      keepBytes = bytes
    },
    read(chunk) {
      let at = 0
      for (;;) {
        const step = parser.read(chunk, at)
        at = parser.offset
        switch (step) {
          case STEP.more:
            return INCOMPLETE
          case STEP.malformed:
            return { type: 'unreadable', why: parser.reason }
          case STEP.head: {
            const kind = bodyOfResponse(parser.head, method)
            parser.frame(kind)
            // Skip interim responses (RFC 9110 §15.2).
            if (parser.head.status < 200) break
            head = parser.head
            reusable = keepsAlive(head)
            body.start(keepBytes)
            break
          }
          case STEP.data:
            if (head !== undefined) body.add(chunk, parser.dataAt, at)
            break
          case STEP.end:
            if (head !== undefined) return done(at < chunk.length)
            break
        }
      }
    },
    end() {
      return head !== undefined && parser.endsWithConnection ? done(true) : INCOMPLETE
    },
  }
}

/** RFC 9112 §9.3. */
function keepsAlive({ headers, minorVersion }: ResponseHead): boolean {
  const connection = headers.get('connection')?.toLowerCase() ?? ''
  return minorVersion === 1 ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection)
}
