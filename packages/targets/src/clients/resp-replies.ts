import { isObject, type Json } from '@chaosproxy/history'
import { resp } from '@chaosproxy/wire'
import type { Received } from './line.ts'

interface RespRequest {
  readonly words: readonly string[]
  readonly login?: readonly string[] | undefined
  /** The client's name, which is sent whenever it changes. */
  readonly session?: string | undefined
  /** A command to send directly before the command `words`. */
  readonly ahead?: readonly string[] | undefined
  /** A command to send directly after the command `words`. */
  readonly behind?: readonly string[] | undefined
}

/** The reply to a command, and the reply to the command sent directly behind it. */
export interface RespReply {
  readonly reply: Json
  readonly behind: Json | undefined
}

export interface RespReplies {
  bytes(request: RespRequest): Buffer
  read(chunk: Buffer): Received<RespReply>
  end(): Received<RespReply>
}

export function respReplies(): RespReplies {
  let scanner = resp.scanner('responses')
  let buffered: Buffer = Buffer.alloc(0)
  let scanned = 0
  let ahead = 0
  let hasBehind = false
  let loggedIn = false
  let named: string | undefined
  /** An error that arrived before the command's own reply, for example because of a wrong password. */
  let before: Json | undefined
  let own: { readonly reply: Json } | undefined

  /** Takes one reply. Returns the whole answer once no reply is outstanding. */
  function took(answer: Json): RespReply | undefined {
    if (ahead > 0) {
      ahead--
      before ??= errorOf(answer) === undefined ? undefined : answer
      return undefined
    }
    if (own !== undefined) return { ...own, behind: answer }
    own = { reply: errorOf(answer) === undefined ? answer : (before ?? answer) }
    return hasBehind ? undefined : { ...own, behind: undefined }
  }

  return {
    bytes({ words, login, session, ahead: first, behind }) {
      const all: (readonly string[])[] = []
      if (login !== undefined && !loggedIn) all.push(login)
      loggedIn = true
      if (session !== undefined && session !== named) all.push(['CLIENT', 'SETNAME', session])
      named = session
      if (first !== undefined) all.push(first)
      ahead = all.length
      before = undefined
      own = undefined
      hasBehind = behind !== undefined
      all.push(words)
      if (behind !== undefined) all.push(behind)
      return all.length === 1
        ? resp.write([...words], 'requests')
        : Buffer.concat(all.map((each) => resp.write([...each], 'requests')))
    },
    read(chunk) {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
      for (;;) {
        const end = scanner.scan(buffered, scanned)
        if (end === -1) {
          scanned = buffered.length
          return { type: 'incomplete' }
        }
        if (end < 0) return UNREADABLE
        const answer = resp.read(buffered.subarray(0, end))
        buffered = buffered.subarray(end)
        scanned = 0
        scanner = resp.scanner('responses')
        if (answer === undefined) return UNREADABLE
        const reply = took(answer)
        if (reply !== undefined) return { type: 'reply', reply, reusable: true }
      }
    },
    end: () => ({ type: 'incomplete' }),
  }
}

const UNREADABLE = { type: 'unreadable', why: 'this is not RESP' } as const

export const errorOf = (reply: Json | undefined): string | undefined =>
  isObject(reply) && typeof reply['error'] === 'string' ? reply['error'] : undefined
