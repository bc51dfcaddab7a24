import { type Json, millis } from '@chaosproxy/history'
import { openLine } from '../../clients/line.ts'
import { outcomeOf } from '../../clients/outcome-of.ts'
import type { NodeAddress } from '../../clients/planned-clients.ts'
import { natsErrors } from './outcomes.ts'
import { type NatsMessage, type NatsReplies, type NatsRequest, natsReplies } from './replies.ts'

/** Why there is no answer. `fail`: the request certainly had no effect; `info`: it may have had one. */
export interface Trouble {
  readonly type: 'fail' | 'info'
  readonly error: string
}

/** Sends the requests of one operation, one at a time, until its time is up. */
export interface Asking {
  /** Resolves with the messages that answer. Those with a status are part of them, except that nobody answers. */
  ask(request: NatsRequest): Promise<readonly NatsMessage[] | Trouble>
  remainingMs(): number
  /** Waits for a moment; resolves with false if no time is left. */
  pause(): Promise<boolean>
}

export const isTrouble = (answer: unknown): answer is Trouble =>
  typeof answer === 'object' && answer !== null && 'type' in answer && 'error' in answer

/** A line to one server: one request at a time, never sent again. */
export interface JetStream {
  begin(timeoutMs: number): Asking
  close(): void
}

/** The pause before trying again what another client interfered with. */
const PAUSE_MS = 5
const NO_RESPONDERS = 503

export function openJetStream(address: NodeAddress): JetStream {
  const line = openLine<readonly NatsMessage[], NatsReplies>(address, natsReplies)

  function begin(timeoutMs: number): Asking {
    const deadline = performance.now() + timeoutMs
    const remainingMs = () => deadline - performance.now()
    return {
      remainingMs,
      ask: (request) =>
        new Promise((resolve) => {
          if (remainingMs() <= 0) {
            resolve({ type: 'fail', error: 'not asked: no time was left' })
            return
          }
          line.ask({
            bytes: (reader) => reader.bytes(request),
            timeoutMs: millis(Math.ceil(remainingMs())),
            ended: (end) => {
              if (end.type === 'lost') resolve({ type: end.neverLeft ? 'fail' : 'info', error: end.why })
              else if (end.reply.at(-1)?.status === NO_RESPONDERS) resolve(answered('no responders'))
              else resolve(end.reply)
            },
          })
        }),
      async pause() {
        if (remainingMs() <= PAUSE_MS) return false
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
        return true
      },
    }
  }

  return { begin, close: () => line.close() }
}

/** What an error says about the request that it answers. */
export const answered = (error: string): Trouble => ({ type: outcomeOf(natsErrors, error), error })

/** An answer of JetStream, which is JSON. */
export interface Body {
  readonly [member: string]: Json | undefined
}

/**
 * Asks JetStream: publishes a message that a stream keeps, or a request to its API (`$JS.API.…`). An error that it
 * answers with is trouble.
 */
export async function askJetStream(asking: Asking, request: NatsRequest): Promise<Body | Trouble> {
  const messages = await asking.ask(request)
  if (isTrouble(messages)) return messages
  const [message] = messages
  const text = message?.payload.toString() ?? ''
  const body = bodyOf(text)
  if (body === undefined) return { type: 'info', error: `an answer that is not understood: ${text.slice(0, 80)}` }
  const error = body['error']
  if (!isBody(error)) return body
  return answered(`${String(error['err_code'] ?? error['code'])}: ${String(error['description'])}`)
}

export const api = (asking: Asking, request: string, body: object = {}): Promise<Body | Trouble> =>
  askJetStream(asking, { subject: `$JS.API.${request}`, payload: JSON.stringify(body) })

export const isBody = (json: unknown): json is Body => typeof json === 'object' && json !== null && !Array.isArray(json)

/** A member that is an object; empty if absent. */
export function bodyIn(body: Body, member: string): Body {
  const found = body[member]
  return isBody(found) ? found : {}
}

/** A member that is a list of objects; empty if absent. */
export function listIn(body: Body, member: string): readonly Body[] {
  const found = body[member]
  return Array.isArray(found) ? found.filter(isBody) : []
}

export const numberIn = (body: Body, member: string): number => Number(body[member] ?? 0)

/** The JSON object in a text; undefined if it is none. */
export function bodyOf(text: string): Body | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return isBody(json) ? json : undefined
  } catch {
    return undefined
  }
}

/** A key as one token of a subject, which has no dots, spaces or wildcards. */
export const tokenOf = (key: string): string =>
  /^[\w-]+$/.test(key) ? key : `=${Buffer.from(key).toString('base64url')}`
