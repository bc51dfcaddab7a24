import type { NodeId } from '@chaosproxy/faults'
import { type Completion, inputError, type Json, millisToNanos, nanos, type UserError } from '@chaosproxy/history'
import type { Client, Clock, Request } from '@chaosproxy/runner'
import { type Body, completionOfError, type Message } from './message.ts'
import type { RpcWorkload } from './workloads.ts'

/** The number of characters of a reply that an error message quotes. */
const MOST_SHOWN = 120
/** The number of replies that are remembered to detect repeated ones. */
const MOST_ANSWERED = 100_000

interface ExchangesOptions {
  readonly rpc: RpcWorkload
  readonly clock: Clock
  send(to: NodeId, message: Message): void
  once(text: string, kind: string): void
  broke(error: UserError): void
}

interface Exchanges {
  connect(node: NodeId): Client
  replied(message: Message): void
  /** Notes that a fault repeats messages of clients, so that replies may arrive twice. */
  repeated(): void
  ended(): number
  anyAnswered(): boolean
}

interface Pending {
  readonly request: Request
  readonly serial: number
  end(completion: Completion): void
}

export function createExchanges({ rpc, clock, send, once, broke }: ExchangesOptions): Exchanges {
  const pending = new Map<string, Pending>()
  const answered = new Set<string>()
  const lastIds = new Map<string, number>()
  let serial = 0
  let ended = 0
  let isRepeated = false

  const isRequest = (client: string, id: Json | undefined) =>
    Number.isSafeInteger(id) && Number(id) >= 1 && Number(id) <= (lastIds.get(client) ?? 0)

  /** Explains why a message is no reply to a request. A late reply needs no explanation. */
  function whyNoReply(client: string, id: Json | undefined, name: string): string | undefined {
    if (!lastIds.has(client)) return `sent a message to ${client}, and there is no such client`
    if (!isRequest(client, id))
      return `sent ${client} a message whose "in_reply_to" is no "msg_id" of a request of ${client}`
    return answered.has(name) && !isRepeated ? 'replied twice to the same request' : undefined
  }

  return {
    repeated() {
      isRepeated = true
    },
    ended: () => ended,
    anyAnswered: () => answered.size > 0,
    connect(to) {
      const client = `c${lastIds.size + 1}`
      let msgId = 0
      lastIds.set(client, msgId)
      return {
        invoke(request, timeoutMs, completed) {
          const name = `${client}/${++msgId}`
          lastIds.set(client, msgId)
          const n = serial++
          const late = nanos(clock.now() + millisToNanos(timeoutMs))
          const cancel = clock.at(late, () =>
            end({
              type: request.harmless ? 'fail' : 'info',
              error: `no answer within ${timeoutMs} ms`,
            }),
          )
          function end(completion: Completion): void {
            if (!pending.delete(name)) return
            ended++
            cancel()
            completed(completion)
          }
          pending.set(name, { request, serial: n, end })
          send(to, { src: client, dest: to, body: { ...rpc.request(request.input, n), msg_id: msgId } })
        },
        close() {},
      }
    },
    replied({ src, dest, body }: Message): void {
      const name = `${dest}/${body.in_reply_to}`
      const waiting = isRequest(dest, body.in_reply_to) ? pending.get(name) : undefined
      if (waiting === undefined) {
        const wrong = whyNoReply(dest, body.in_reply_to, name)
        if (wrong !== undefined)
          once(`${src} ${wrong} (${JSON.stringify(body).slice(0, MOST_SHOWN)})`, `${src} ${wrong}`)
        return
      }
      const completion = completionOfReply(rpc, body, waiting.request, waiting.serial)
      if (typeof completion === 'string') {
        broke(inputError(`${src}: ${rpc.name}: its reply ${completion}: ${JSON.stringify(body).slice(0, MOST_SHOWN)}`))
        return
      }
      remember(answered, name)
      waiting.end(completion)
    },
  }
}

function remember(answered: Set<string>, name: string): void {
  answered.add(name)
  if (answered.size <= MOST_ANSWERED) return
  for (const oldest of answered) {
    answered.delete(oldest)
    break
  }
}

/**
 * Returns the completion of the request with this number. If the reply does not fit the request, returns the reason.
 */
export function completionOfReply(
  rpc: RpcWorkload,
  body: Body,
  { input, harmless }: Pick<Request, 'input' | 'harmless'>,
  serial: number,
): Completion | string {
  if (body.type === 'error')
    return Number.isSafeInteger(body['code'])
      ? (rpc.error?.(body, input) ?? completionOfError(body, harmless))
      : 'is an error without a whole number "code"'
  const { type } = rpc.request(input, serial)
  if (body.type !== `${type}_ok`)
    return `has the type ${JSON.stringify(body.type)} instead of ${JSON.stringify(`${type}_ok`)}`
  return rpc.completion(body, input, serial)
}
