import { connect } from 'node:net'
import { NotConnected } from '../../sql/clients.ts'
import {
  createPacketReader,
  type LoginPacket,
  loginPacket,
  NATIVE_PASSWORD,
  nativePassword,
  type Packet,
  packetOf,
  queryPacket,
  quitPacket,
  readAnswer,
  readColumnCount,
  readGreeting,
  readRow,
  type ServerError,
  serverErrorText,
} from './packets.ts'

export interface ConnectOptions extends Omit<LoginPacket, 'scramble'> {
  readonly host: string
  readonly port: number
  /** Aborts the connection at any time; a pending command ends as `lost`. */
  readonly signal?: AbortSignal | undefined
}

/** How a command ended. */
export type QueryEnd =
  | {
      readonly type: 'done'
      readonly rows: readonly (readonly (string | null)[])[]
      /** The rows written, or returned. */
      readonly changed: number
    }
  | { readonly type: 'refused'; readonly error: ServerError }
  /** The connection ended before the reply. */
  | { readonly type: 'lost'; readonly why: string }

/** One session with a server: one command at a time, never sent twice. */
export interface Connection {
  /** As the server says it: `5.5.5-10.11.6-MariaDB`. */
  readonly version: string
  isOpen(): boolean
  query(sql: string): Promise<QueryEnd>
  /** Closes the connection. A pending command gets the reason. */
  close(why?: string): void
}

/** Why a connection could not be opened. */
export class NotConnectedToMariadb extends NotConnected {
  /** The server's own error, if it sent one. */
  readonly error: ServerError | undefined

  constructor(message: string, error?: ServerError) {
    super(message)
    this.error = error
  }
}

interface Pending {
  /** What the next packet is: `first` of an answer, a column's description, or a row. */
  awaits: 'first' | 'columns' | 'rows'
  columns: number
  readonly rows: (readonly (string | null)[])[]
  readonly ended: (end: QueryEnd) => void
}

/** @throws NotConnectedToMariadb */
export function openConnection(options: ConnectOptions): Promise<Connection> {
  const { host, port, signal } = options
  return new Promise((opened, notOpened) => {
    const socket = connect({ host, port, noDelay: true })
    const reader = createPacketReader()
    let failure = 'connection closed'
    let version: string | undefined
    let ready = false
    let open = true
    let refusal: ServerError | undefined
    let pending: Pending | undefined

    function end(why: string): void {
      if (!open) return
      open = false
      signal?.removeEventListener('abort', abort)
      socket.destroy()
      const text = refusal === undefined ? why : serverErrorText(refusal)
      if (!ready) notOpened(new NotConnectedToMariadb(text, refusal))
      pending?.ended({ type: 'lost', why })
      pending = undefined
    }
    const abort = () => end(String(signal?.reason ?? 'given up'))

    function loggingIn({ sequence, payload }: Packet): void {
      // A server that takes no more sessions says so in place of a greeting.
      const answer = readAnswer(payload, true)
      if (answer.kind === 'error') {
        refusal = answer.error
        end('refused')
      } else if (version === undefined) {
        const greeting = readGreeting(payload)
        version = greeting.version
        socket.write(loginPacket({ ...options, scramble: greeting.scramble }))
      } else if (answer.kind === 'switch') {
        if (answer.plugin === NATIVE_PASSWORD)
          socket.write(packetOf(sequence + 1, nativePassword(options.password, answer.scramble)))
        else end(`the server wants ${answer.plugin}, which is not known here: only ${NATIVE_PASSWORD} is`)
      } else if (answer.kind === 'ok') {
        ready = true
        opened({ version, ...connection })
      } else end('the server answered a login with something that is not known here')
    }

    function settle(waiting: Pending, answer: QueryEnd): void {
      pending = undefined
      waiting.ended(answer)
    }

    function answered(waiting: Pending, payload: Buffer): void {
      const answer = readAnswer(payload, false)
      if (answer.kind === 'error') settle(waiting, { type: 'refused', error: answer.error })
      else if (waiting.awaits === 'columns') waiting.awaits = answer.kind === 'end' ? 'rows' : 'columns'
      else if (waiting.awaits === 'rows') {
        if (answer.kind !== 'end') waiting.rows.push(readRow(payload, waiting.columns))
        else settle(waiting, { type: 'done', rows: waiting.rows, changed: waiting.rows.length })
      } else if (answer.kind === 'ok') settle(waiting, { type: 'done', rows: [], changed: answer.affected })
      else {
        waiting.columns = readColumnCount(payload)
        waiting.awaits = 'columns'
      }
    }

    const connection: Omit<Connection, 'version'> = {
      isOpen: () => open,
      query(sql) {
        if (pending !== undefined) throw new Error('a connection has one command at a time')
        return new Promise((ended) => {
          if (!open) {
            ended({ type: 'lost', why: failure })
            return
          }
          pending = { awaits: 'first', columns: 0, rows: [], ended }
          socket.write(queryPacket(sql))
        })
      },
      close(why = 'closed') {
        if (open && ready && socket.writable) socket.write(quitPacket())
        end(why)
      },
    }

    socket.on('data', (chunk: Buffer) => {
      try {
        for (const packet of reader.read(chunk)) {
          if (!open) return
          if (!ready) loggingIn(packet)
          else if (pending !== undefined) answered(pending, packet.payload)
          else if (readAnswer(packet.payload, false).kind === 'error') end('the server ended the session')
        }
      } catch (error) {
        end((error as Error).message)
      }
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.code === 'ECONNREFUSED' ? 'connection refused' : (error.code ?? error.message)
    })
    socket.on('end', () => end(failure))
    socket.on('close', () => end(failure))
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) abort()
  })
}
