import type http from 'node:http'
import type { Rest } from '../../world/messages.ts'

const NO_BODY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304])

export interface WholeAnswer {
  readonly statusCode: number
  readonly statusMessage: string
  readonly rawHeaders: readonly string[]
  readonly headers: { readonly location?: string | undefined }
  /** The body, or the part of it that has arrived. */
  readonly whole: Buffer
  readonly rest?: Rest | undefined
}

/** The request that a response answers. */
export interface Exchanged {
  readonly url: string
  readonly method: string
  readonly redirected: boolean
  /** Called once the whole response has arrived. */
  readonly over: () => void
}

/**
 * A response of `fetch`. Creates Node's own `Response` only for rarely used methods, because this takes as long as the
 * whole exchange.
 */
export class FetchedResponse {
  readonly url: string
  readonly redirected: boolean
  readonly type = 'basic'
  readonly status: number
  readonly statusText: string
  readonly #message: http.IncomingMessage | WholeAnswer
  readonly #hasBody: boolean
  readonly #chunks: Buffer[] = []
  #end: 'coming' | 'ended' | { readonly error: unknown } = 'coming'
  #wake: (() => void) | undefined
  #headers: Headers | undefined
  #own: Response | undefined
  #isRead = false

  constructor(message: http.IncomingMessage | WholeAnswer, { url, method, redirected, over }: Exchanged) {
    this.#message = message
    this.url = url
    this.redirected = redirected
    this.status = message.statusCode ?? 200
    this.statusText = message.statusMessage ?? ''
    this.#hasBody = !NO_BODY.has(this.status) && method !== 'HEAD'
    const ended = (end: 'ended' | { readonly error: unknown }): void => {
      if (this.#end !== 'coming') return
      this.#end = end
      over()
      this.#wake?.()
    }
    const came = (chunk: Buffer): void => {
      if (!this.#hasBody) return
      this.#chunks.push(chunk)
      this.#wake?.()
    }
    const failed = (error: Error): void => ended({ error: new TypeError('terminated', { cause: error }) })
    if ('whole' in message) {
      if (this.#hasBody && message.whole.length > 0) this.#chunks.push(message.whole)
      if (message.rest === undefined) ended('ended')
      else message.rest.follow(came, (error) => (error === undefined ? ended('ended') : failed(error)))
      return
    }
    message.on('data', came)
    message.on('end', () => ended('ended'))
    message.on('error', failed)
    message.on('close', over)
  }

  abort(reason: unknown): void {
    if (this.#end !== 'coming') return
    this.#end = { error: reason }
    this.#wake?.()
    this.#destroy()
  }

  #destroy(): void {
    if ('whole' in this.#message) this.#message.rest?.drop()
    else this.#message.destroy()
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300
  }

  get headers(): Headers {
    if (this.#own !== undefined) return this.#own.headers
    if (this.#headers === undefined) {
      this.#headers = new Headers()
      const { rawHeaders } = this.#message
      for (let i = 0; i < rawHeaders.length; i += 2) this.#headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '')
    }
    return this.#headers
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#hasBody ? this.#full().body : null
  }

  get bodyUsed(): boolean {
    return this.#own?.bodyUsed ?? this.#isRead
  }

  async text(): Promise<string> {
    if (this.#own !== undefined) return this.#own.text()
    const text = (await this.#whole()).toString('utf8')
    return text.startsWith('\ufeff') ? text.slice(1) : text
  }

  async json(): Promise<unknown> {
    return this.#own !== undefined ? this.#own.json() : JSON.parse(await this.text())
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    if (this.#own !== undefined) return this.#own.arrayBuffer()
    return new Uint8Array(await this.#whole()).buffer as ArrayBuffer
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.arrayBuffer())
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.arrayBuffer()], { type: this.headers.get('content-type') ?? '' })
  }

  formData(): Promise<FormData> {
    return this.#full().formData()
  }

  clone(): Response {
    const copy = this.#full().clone()
    const { url, redirected, type } = this
    return Object.defineProperties(copy, {
      url: { value: url },
      redirected: { value: redirected },
      type: { value: type },
    })
  }

  async #whole(): Promise<Buffer> {
    if (this.#isRead) throw new TypeError('Body is unusable: Body has already been read')
    if (this.#hasBody) this.#isRead = true
    while (this.#end === 'coming')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    if (this.#end !== 'ended') throw this.#end.error
    const [only] = this.#chunks
    return this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks)
  }

  #full(): Response {
    if (this.#own === undefined) {
      const { status, statusText, headers } = this
      const made = new Response(this.#hasBody ? this.#stream() : null, { status, statusText, headers })
      if (this.#isRead) void made.body?.cancel()
      this.#own = made
    }
    return this.#own
  }

  #stream(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: (controller) => {
        let over = false
        const pass = (): void => {
          if (over) return
          for (const chunk of this.#chunks.splice(0)) controller.enqueue(new Uint8Array(chunk))
          if (this.#end === 'coming') return
          over = true
          if (this.#end === 'ended') controller.close()
          else controller.error(this.#end.error)
        }
        this.#wake = pass
        pass()
      },
      cancel: () => this.#destroy(),
    })
  }
}

// Programs test responses with `instanceof Response`.
Object.setPrototypeOf(FetchedResponse.prototype, Response.prototype)
