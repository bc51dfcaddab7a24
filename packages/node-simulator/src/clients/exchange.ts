import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'
import { answered, createVersions, type MadeRequest, type RequestMaker, requestText } from '@chaosproxy/recorder/routes'
import type { Client, Request } from '@chaosproxy/runner'
import { type Answer, createReplyReader } from '@chaosproxy/wire/http'
import type { Network, Packet, Plug, Wire } from '../world/network.ts'
import type { World } from '../world/world.ts'

export interface ClientOptions {
  readonly world: World
  readonly network: Network
  readonly node: NodeId
  /** Unique in the cluster. */
  readonly name: string
  /** Where the node serves clients; undefined if it does not now. */
  readonly port: () => number | undefined
  readonly maker: RequestMaker
  /** Whether requests name no key, since there is only one object. */
  readonly isOfOne: boolean
}

type End = { readonly answer: Answer } | { readonly lost: string; readonly neverLeft: boolean }

/** A client that speaks HTTP over the simulated network; it connects when it has something to ask. */
export function createClient(options: ClientOptions): Client {
  const { world, maker, isOfOne, name } = options
  let line: Line | undefined
  let asked = 0
  const versions = createVersions(maker)

  return {
    invoke({ input, harmless, session, final = false }: Request, timeoutMs, completed) {
      asked++
      const { f, key, value } = input
      const named = versions.named(key === undefined || isOfOne ? { f, value } : { f, key, value })
      const sequence = session?.sequence ?? asked
      const asker = { session: session?.client ?? name, requestId: `${session?.client ?? name}-${sequence}`, final }
      const made = typeof named === 'string' ? undefined : maker.make(named, asker)
      if (typeof named === 'string' || made?.type !== 'made') {
        const why = typeof named === 'string' ? named : made?.type === 'impossible' ? made.why : ''
        world.schedule(0, () => completed({ type: 'fail', error: `not asked: ${why}` }))
        return
      }
      if (line === undefined || line.closed) line = new Line(options)
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
      used.ask(made, end)
    },
    close() {
      line?.close()
    },
  }
}

/** One connection of a client, with one request at a time. */
class Line implements Plug {
  readonly #options: ClientOptions
  readonly #reader = createReplyReader()
  readonly #port: number
  readonly #wire: Wire
  #opened = false
  #bytes: Buffer | undefined
  #end: ((end: End) => void) | undefined
  closed = false

  constructor(options: ClientOptions) {
    this.#options = options
    this.#port = options.port() ?? 0
    this.#wire = options.network.dial('clients', options.node, this.#port, this)
  }

  ask(made: MadeRequest, end: (end: End) => void): void {
    const { request, answerBytes } = made
    this.#reader.expect(request.method, answerBytes)
    this.#bytes = Buffer.from(requestText(made, `${this.#options.node}:${this.#port}`))
    this.#end = end
    if (this.#opened) this.#send()
  }

  #send(): void {
    if (this.#bytes === undefined) return
    this.#wire.send({ type: 'data', bytes: this.#bytes })
    this.#bytes = undefined
  }

  arrive(packet: Packet): void {
    if (this.closed) return
    switch (packet.type) {
      case 'opened':
        this.#opened = true
        this.#send()
        break
      case 'refused':
        this.#lose('connection refused', true)
        break
      case 'reset':
        this.#lose('ECONNRESET', false)
        break
      case 'data':
        this.#read(this.#reader.read(packet.bytes))
        break
      case 'end':
        this.#read(this.#reader.end())
        this.#lose('connection closed', false)
        break
      case 'open':
        break
    }
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

/** The route table says what an answer means; without one, the operation may have happened unless it never left. */
function completionOf(end: End, made: MadeRequest, harmless: boolean): Completion {
  if ('lost' in end) return { type: end.neverLeft || harmless ? 'fail' : 'info', error: end.lost }
  return answered(made, end.answer, harmless)
}
