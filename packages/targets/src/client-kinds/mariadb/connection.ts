import { connect } from 'node:net'
import { FrameReader } from '@chaosproxy/wire'
import {
  type ColumnDefinition,
  type Credentials,
  createLogin,
  type FirstPacket,
  LONGEST_PACKET_BYTES,
  mysql,
  type Packet,
  packetIn,
  packetOf,
  QUIT,
  queryCommand,
  readColumn,
  readEnd,
  readFirst,
  readTextRow,
  type ServerError,
  type Value,
} from '@chaosproxy/wire/mysql'
import { socketErrorText } from '../../clients/line.ts'
import type { Row } from '../../sql/asked.ts'
import { NotConnected } from '../../sql/clients.ts'

interface ConnectOptions extends Credentials {
  readonly host: string
  readonly port: number
  /** Aborts the connection at any time; a pending command ends as `lost`. */
  readonly signal?: AbortSignal | undefined
}

export type QueryEnd =
  | {
      readonly type: 'done'
      readonly rows: readonly Row[]
      /** The number of rows written or returned. */
      readonly changed: number
    }
  | { readonly type: 'refused'; readonly error: ServerError }
  /** The connection ended before the reply. */
  | { readonly type: 'lost'; readonly why: string }

/** One session with a server. It carries one command at a time, and never sends a command twice. */
export interface Connection {
  /** The version that the server reports: `5.5.5-10.11.6-MariaDB`. */
  readonly version: string
  isOpen(): boolean
  query(sql: string): Promise<QueryEnd>
  close(why?: string): void
}

export const serverErrorText = ({ code, message }: ServerError): string => `${code} ${message}`

export class MariadbRefused extends NotConnected {
  readonly error: ServerError | undefined

  constructor(message: string, error?: ServerError) {
    super(message)
    this.error = error
  }
}

/** @throws MariadbRefused */
export function openConnection(options: ConnectOptions): Promise<Connection> {
  const { host, port, signal } = options
  return new Promise((opened, notOpened) => {
    const socket = connect({ host, port, noDelay: true })
    const reader = new FrameReader({ scanner: mysql.scanner('responses'), maxFrameBytes: LONGEST_PACKET_BYTES })
    const login = createLogin(options)
    const answers = createAnswers()
    let failure = 'connection closed'
    let ready = false
    let open = true

    function end(why: string, error?: ServerError): void {
      if (!open) return
      open = false
      signal?.removeEventListener('abort', abort)
      socket.destroy()
      if (!ready) notOpened(new MariadbRefused(error === undefined ? why : serverErrorText(error), error))
      answers.end(why)
    }
    const abort = () => end(String(signal?.reason ?? 'given up'))

    function loggingIn(packet: Packet): void {
      const step = login(packet)
      switch (step.type) {
        case 'send':
          socket.write(step.bytes)
          return
        case 'done':
          ready = true
          opened({ version: step.version, ...connection })
          return
        case 'refused':
          end(step.why, step.error)
      }
    }

    const connection: Omit<Connection, 'version'> = {
      isOpen: () => open,
      query: (sql) =>
        new Promise((ended) => {
          if (!open) {
            ended({ type: 'lost', why: failure })
            return
          }
          answers.expect(ended)
          socket.write(packetOf({ sequence: 0, payload: queryCommand(sql) }))
        }),
      close(why = 'closed') {
        if (open && ready && socket.writable) socket.write(packetOf({ sequence: 0, payload: QUIT }))
        end(why)
      },
    }

    socket.on('data', (chunk: Buffer) => {
      try {
        reader.read(chunk, {
          frame(bytes) {
            if (!open) return
            const packet = packetIn(bytes)
            if (!ready) loggingIn(packet)
            else if (!answers.received(packet.payload)) end('the server ended the session')
          },
          loose: () => end('the server sent a packet of 16 MiB'),
        })
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
  })
}

interface Pending {
  /** The next expected packet of the answer. */
  awaits: 'first' | 'columns' | 'rows'
  readonly columns: ColumnDefinition[]
  readonly rows: Row[]
  readonly ended: (end: QueryEnd) => void
}

interface Answers {
  /** @throws Error if another answer is already expected. */
  expect(ended: (end: QueryEnd) => void): void
  /** Returns false for a packet that answers no command: the server is ending the session. */
  received(payload: Buffer): boolean
  end(why: string): void
}

/** Assembles packets into the answer of the pending command. */
function createAnswers(): Answers {
  let pending: Pending | undefined

  function settle(answer: QueryEnd): void {
    const waiting = pending
    pending = undefined
    waiting?.ended(answer)
  }

  function begin(query: Pending, first: FirstPacket): void {
    switch (first.kind) {
      case 'ok':
        settle({ type: 'done', rows: [], changed: first.affected })
        return
      case 'error':
        settle({ type: 'refused', error: first.error })
        return
      case 'columns':
        query.awaits = 'columns'
        return
      case 'local-file':
        throw new Error('the server asks for a file of the client')
      default:
        first satisfies never
    }
  }

  return {
    expect(ended) {
      if (pending !== undefined) throw new Error('a connection has one command at a time')
      pending = { awaits: 'first', columns: [], rows: [], ended }
    },
    received(payload) {
      if (pending === undefined) return false
      const { awaits, columns, rows } = pending
      if (awaits === 'first') begin(pending, readFirst(payload))
      else {
        const end = readEnd(payload)
        if (end?.kind === 'error') settle({ type: 'refused', error: end.error })
        else if (end !== undefined && awaits === 'rows') settle({ type: 'done', rows, changed: rows.length })
        else if (end !== undefined) pending.awaits = 'rows'
        else if (awaits === 'columns') columns.push(readColumn(payload))
        else rows.push(readTextRow(payload, columns).map(textOf))
      }
      return true
    },
    end: (why) => settle({ type: 'lost', why }),
  }
}

/** @throws Error for a floating-point number, whose text depends on the server. */
function textOf(value: Value): string | null {
  if (value === 'unread') throw new Error('a floating-point number is not read')
  return value === null ? null : value.toString('utf8')
}
