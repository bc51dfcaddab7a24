import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'
import {
  answered,
  createVersions,
  fieldsOf,
  type MadeRequest,
  REFUSAL_BYTES,
  type RequestMaker,
  requestText,
} from '@chaosproxy/recorder/routes'
import type { Client, Request } from '@chaosproxy/runner'
import { type Answer, BodyCapture, createReplyReader } from '@chaosproxy/wire/http'
import { requestName } from '../declared/reference.ts'
import {
  type AnswerMessage,
  fieldOf,
  headOf,
  isPlain,
  isWhole,
  keepsOpen,
  type PartMessage,
  type RequestMessage,
} from '../world/messages.ts'
import type { Network, Packet, Plug, Wire } from '../world/network.ts'
import type { World } from '../world/world.ts'

export interface ClientOptions {
  readonly world: World
  readonly network: Network
  readonly node: NodeId
  /** The client's name, unique in the cluster. */
  readonly name: string
  readonly port: () => number | undefined
  readonly maker: RequestMaker
  /** Whether there is only one object, so that requests contain no key. */
  readonly isOfOne: boolean
  /** Whether servers accept whole requests instead of bytes. */
  readonly messages: boolean
}

type End = { readonly answer: Answer } | { readonly lost: string; readonly neverLeft: boolean }

export function createClient(options: ClientOptions): Client {
  const { world, maker, isOfOne, name } = options
  let line: Line | undefined
  let requests = 0
  const versions = createVersions(maker)

  return {
    invoke({ input, harmless, session, final = false }: Request, timeoutMs, completed) {
      requests++
      const { f, key, value } = input
      const named = versions.named(key === undefined || isOfOne ? { f, value } : { f, key, value })
      const sequence = session?.sequence ?? requests
      const who = session?.client ?? name
      const asker = { session: who, requestId: requestName(who, sequence), final }
      const made = typeof named === 'string' ? undefined : maker.make(named, asker)
      if (typeof named === 'string' || made?.type !== 'made') {
        const why = typeof named === 'string' ? named : made?.type === 'impossible' ? made.why : ''
        world.schedule(0, () => completed({ type: 'fail', error: `not asked: ${why}` }))
        return
      }
      const { method, target, headers } = made.request
      const messages = options.messages && isPlain(method, target, headers)
      if (line?.messages !== messages) line?.close()
      if (line === undefined || line.closed) line = new Line(options, messages)
      const used = line
      let over = false
      const end = (ended: End): void => {
        if (over) return
        over = true
        cancel()
        const completion = completionOf(ended, made, harmless)
        versions.learned(named, completion)
        completed(completion)
      }
      const cancel = world.schedule(timeoutMs * 1e6, () => {
        used.close()
        end({ lost: `timeout after ${timeoutMs} ms`, neverLeft: false })
      })
      used.ask(made, asker.requestId, end)
    },
    close() {
      line?.close()
    },
  }
}

class Line implements Plug {
  readonly #options: ClientOptions
  readonly #reader = createReplyReader()
  readonly #port: number
  #wire: Wire
  #made: MadeRequest | undefined
  readonly messages: boolean
  #takesMessages: boolean
  #opened = false
  #begun: AnswerMessage | undefined
  /** Whether a request was made but has not been sent yet. */
  #isAsked = false
  #request: string | undefined
  #end: ((end: End) => void) | undefined
  closed = false

  constructor(options: ClientOptions, messages: boolean) {
    this.messages = messages
    this.#takesMessages = messages
    this.#options = options
    this.#port = options.port() ?? 0
    this.#wire = this.#dial()
  }

  #dial(): Wire {
    const { network, node } = this.#options
    return network.dial('clients', node, this.#port, this, this.#takesMessages)
  }

  ask(made: MadeRequest, name: string, end: (end: End) => void): void {
    this.#request = name
    this.#made = made
    this.#isAsked = true
    this.#end = end
    if (this.#opened) this.#send()
  }

  #send(): void {
    const made = this.#made
    if (made === undefined || !this.#isAsked) return
    this.#isAsked = false
    const authority = `${this.#options.node}:${this.#port}`
    const request = this.#request
    if (this.#takesMessages) {
      this.#wire.send({ type: 'message', message: requestMessage(made, authority), request })
      return
    }
    this.#reader.expect(made.request.method, Math.max(made.answerBytes, REFUSAL_BYTES))
    this.#wire.send({ type: 'data', bytes: Buffer.from(requestText(made, authority)), request })
  }

  arrive(packet: Packet): void {
    if (this.closed) return
    switch (packet.type) {
      case 'opened':
        this.#opened = true
        this.#send()
        break
      case 'refused':
        if (packet.bytesOnly === true) {
          this.#takesMessages = false
          this.#wire = this.#dial()
        } else this.#lose('connection refused', true)
        break
      case 'reset':
        this.#lose('ECONNRESET', false)
        break
      case 'data':
        this.#read(this.#reader.read(packet.bytes))
        break
      case 'message':
        if (packet.message.type !== 'request') this.#come(packet.message)
        break
      case 'end':
        this.#read(this.#reader.end())
        this.#lose('connection closed', false)
        break
      case 'open':
        break
    }
  }

  #come(message: AnswerMessage | PartMessage): void {
    if (message.type === 'answer') {
      if (message.goesOn === true) this.#begun = message
      else this.#answered(message)
      return
    }
    const begun = this.#begun
    if (begun === undefined) return
    const body = Buffer.concat([begun.body, message.body])
    this.#begun = message.last ? undefined : { ...begun, body }
    if (message.last) this.#answered({ type: 'answer', head: begun.head, body })
  }

  #answered(message: AnswerMessage): void {
    const made = this.#made
    const head = headOf(message)
    if (made === undefined || !isWhole(made.request.method, head, message.body.length)) {
      this.#lose('unreadable answer: its body is not as long as it says', false)
      return
    }
    const capture = new BodyCapture()
    capture.start(Math.max(made.answerBytes, REFUSAL_BYTES))
    if (message.body.length > 0) capture.add(message.body, 0, message.body.length)
    const headers = { get: (name: string) => fieldOf(head.rawHeaders, name) }
    const answer = { status: head.status, headers, body: capture.end() }
    this.#read({ type: 'answer', answer, reusable: keepsOpen(head) })
  }

  #read(read: ReturnType<ReturnType<typeof createReplyReader>['read']>): void {
    if (read.type === 'incomplete') return
    if (read.type === 'unreadable') {
      this.#lose(`unreadable answer: ${read.why}`, false)
      return
    }
    const end = this.#end
    this.#end = undefined
    if (!read.reusable || end === undefined) this.close()
    end?.({ answer: read.answer })
  }

  #lose(lost: string, neverLeft: boolean): void {
    const end = this.#end
    this.#end = undefined
    this.close()
    end?.({ lost, neverLeft })
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.#wire.send({ type: this.#opened ? 'end' : 'reset' })
  }
}

const requestMessage = (made: MadeRequest, authority: string): RequestMessage => ({
  type: 'request',
  method: made.request.method,
  target: made.request.target,
  headers: fieldsOf(made, authority).flat(),
  body: Buffer.from(made.request.body),
})

/**
 * Returns the completion of an operation. Without an answer, it fails if its request was never sent or changes nothing.
 */
function completionOf(end: End, made: MadeRequest, harmless: boolean): Completion {
  if ('lost' in end) return { type: end.neverLeft || harmless ? 'fail' : 'info', error: end.lost }
  return answered(made, end.answer, harmless)
}
