import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Millis, millis } from '@chaosproxy/history'
import type { NodeAddress } from './planned-clients.ts'
import type { Trouble } from './trouble.ts'

export interface ReplySource<Reply> {
  read(chunk: Buffer): Received<Reply>
  /** Called when the server ends the connection, which may complete a reply. */
  end(): Received<Reply>
}

export type Received<Reply> =
  | { readonly type: 'incomplete' }
  /** `reusable`: the connection can carry another request. */
  | { readonly type: 'reply'; readonly reply: Reply; readonly reusable: boolean }
  | { readonly type: 'unreadable'; readonly why: string }

/** How an exchange ended. `neverLeft`: the request certainly did not reach the server. */
export type ExchangeEnd<Reply> =
  | { readonly type: 'reply'; readonly reply: Reply }
  | { readonly type: 'lost'; readonly why: string; readonly neverLeft: boolean }

/** The reply to a request, or the reason why there is none. */
export type LineAnswer<Reply> = Extract<ExchangeEnd<Reply>, { readonly type: 'reply' }> | Trouble

/** A line to one node, which carries one request at a time. A request is never sent twice. */
interface Line<Reply, Source extends ReplySource<Reply>> {
  ask(request: LineRequest<Reply, Source>): void
  close(): void
}

interface LineRequest<Reply, Source> {
  /** The bytes to send, or a function of the reader, which knows what was sent on the connection before. */
  readonly bytes: string | ((reader: Source) => Buffer)
  /** Announces the next request to the connection's reader. */
  readonly prepare?: ((reader: Source) => void) | undefined
  readonly timeoutMs: Millis
  readonly ended: (end: ExchangeEnd<Reply>) => void
}

interface Pending<Reply> {
  readonly deadline: number
  timer: NodeJS.Timeout | undefined
  readonly ended: (end: ExchangeEnd<Reply>) => void
}

const REFUSED = 'connection refused'

export const socketErrorText = ({ code, message }: NodeJS.ErrnoException): string =>
  code === 'ECONNREFUSED' ? REFUSED : (code ?? message)

/** All sockets whose readers copy the bytes share this memory. This avoids the overhead of streams. */
const memory = Buffer.allocUnsafeSlow(64 * 1024)

/**
 * Opens a line to a node. The line dials when it has a request to send but no connection.
 *
 * @param readerFor creates the reader of a new connection.
 * @param readersCopy whether readers copy the bytes that they keep. All sockets can then receive into the same memory.
 */
export function openLine<Reply, Source extends ReplySource<Reply>>(
  address: NodeAddress,
  readerFor: () => Source,
  readersCopy = false,
): Line<Reply, Source> {
  let current: Connection | undefined
  let closed = false

  interface Connection {
    readonly socket: Duplex
    readonly reader: Source
    pending: Pending<Reply> | undefined
  }

  function dial(): Connection {
    const { life } = address
    const socket = socketTo(address, readersCopy ? (chunk) => received(reader.read(chunk)) : undefined)
    const dialledIn = life?.()
    const reader = readerFor()
    const dialled: Connection = { socket, reader, pending: undefined }
    let failure = 'connection closed'

    function received(result: Received<Reply>): void {
      if (result.type === 'incomplete') return
      if (dialled.pending === undefined || result.type === 'unreadable' || !result.reusable) drop(dialled)
      settle(dialled, result.type === 'reply' ? result : lost(`unreadable answer: ${result.why}`))
    }

    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = socketErrorText(error)
    })
    socket.on('data', (chunk) => received(reader.read(chunk)))
    socket.on('end', () => received(reader.end()))
    socket.on('close', () => {
      if (current === dialled) current = undefined
      // The proxy accepts connections even while the node is down. If the node has been down since the dial, it never
      // received the request.
      const wasDown = dialledIn?.alive === false && life?.().number === dialledIn.number
      settle(dialled, lost(wasDown ? REFUSED : failure))
    })
    return dialled
  }

  function drop(dropped: Connection): void {
    if (current === dropped) current = undefined
    dropped.socket.destroy()
  }

  return {
    ask({ bytes, prepare, timeoutMs, ended }) {
      if (current?.pending !== undefined) throw new Error('a client has one invocation at a time')
      if (closed) throw new Error('this client is closed')
      current ??= dial()
      const used = current
      const pending: Pending<Reply> = { deadline: performance.now() + timeoutMs, timer: undefined, ended }
      const timeout = () => {
        const remainingMs = pending.deadline - performance.now()
        // Node's timers count whole milliseconds from a clock that is read once per turn of the event loop, so they may
        // fire slightly early.
        if (remainingMs > 0) pending.timer = setTimeout(timeout, remainingMs)
        else {
          drop(used)
          settle(used, lost(`timeout after ${timeoutMs} ms`))
        }
      }
      pending.timer = setTimeout(timeout, timeoutMs)
      used.pending = pending
      prepare?.(used.reader)
      used.socket.write(typeof bytes === 'string' ? bytes : bytes(used.reader))
    },
    close() {
      closed = true
      if (current === undefined) return
      const open = current
      drop(open)
      settle(open, lost('client closed'))
    },
  }
}

/**
 * Opens a socket. If `intake` is given, all such sockets receive into the same buffer `memory`. `intake` must copy the
 * bytes that it keeps, because the next chunk of any socket overwrites them.
 */
function socketTo({ dial, host, port }: NodeAddress, intake: ((chunk: Buffer) => void) | undefined): Duplex {
  if (dial !== undefined) return dial()
  if (intake === undefined) return connect({ host, port, noDelay: true })
  const callback = (sizeBytes: number) => {
    intake(memory.subarray(0, sizeBytes))
    return true
  }
  return connect({ host, port, noDelay: true, onread: { buffer: memory, callback } })
}

function settle<Reply>(connection: { pending: Pending<Reply> | undefined }, end: ExchangeEnd<Reply>): void {
  const { pending } = connection
  if (pending === undefined) return
  connection.pending = undefined
  clearTimeout(pending.timer)
  pending.ended(end)
}

/** Sends a request within the time that is left. Resolves with the reply, or with the reason why there is none. */
export function askWithin<Reply, Source extends ReplySource<Reply>>(
  line: Line<Reply, Source>,
  request: Pick<LineRequest<Reply, Source>, 'bytes' | 'prepare'>,
  remainingMs: number,
): Promise<LineAnswer<Reply>> {
  return new Promise((resolve) => {
    if (remainingMs <= 0) resolve({ type: 'fail', error: 'not asked: no time was left' })
    else
      line.ask({
        ...request,
        timeoutMs: millis(Math.ceil(remainingMs)),
        ended: (end) => resolve(end.type === 'reply' ? end : { type: end.neverLeft ? 'fail' : 'info', error: end.why }),
      })
  })
}

const lost = (why: string): ExchangeEnd<never> => ({ type: 'lost', why, neverLeft: why === REFUSED })
