import { connect, type Socket } from 'node:net'
import { socketErrorText } from '../clients/line.ts'

interface SessionSocketOptions {
  readonly host: string
  readonly port: number
  /** When this signal aborts, the connection ends. */
  readonly signal?: AbortSignal | undefined
  /** Handles received bytes. If it throws, the connection ends. */
  received(chunk: Buffer): void
  /** Called once, when the connection ends. */
  ended(why: string): void
}

interface SessionSocket {
  readonly socket: Socket
  isOpen(): boolean
  /** Returns the text of the socket's latest error; `connection closed` if the socket had no error. */
  failure(): string
  end(why: string): void
}

/** Connects to a database server. */
export function openSessionSocket({ host, port, signal, received, ended }: SessionSocketOptions): SessionSocket {
  const socket = connect({ host, port, noDelay: true })
  let failure = 'connection closed'
  let open = true
  function end(why: string): void {
    if (!open) return
    open = false
    signal?.removeEventListener('abort', abort)
    socket.destroy()
    ended(why)
  }
  const abort = () => end(String(signal?.reason ?? 'given up'))
  socket.on('data', (chunk: Buffer) => {
    try {
      received(chunk)
    } catch (error) {
      end((error as Error).message)
    }
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failure = socketErrorText(error)
  })
  socket.on('end', () => end(failure))
  socket.on('close', () => end(failure))
  signal?.addEventListener('abort', abort)
  if (signal?.aborted) abort()
  return { socket, isOpen: () => open, failure: () => failure, end }
}
