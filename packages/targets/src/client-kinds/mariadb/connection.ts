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
import { NotConnected } from '../../sql/clients.ts'
import type { Row } from '../../sql/request.ts'
import { openSessionSocket } from '../../sql/session-socket.ts'

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
  | { readonly type: 'refused'; readonly why: string; readonly error: ServerError }
  /** The connection ended before the reply. */
  | { readonly type: 'lost'; readonly why: string }

/** One session with a server. It carries one command at a time, and never sends a command twice. */
export interface Connection {
  isOpen(): boolean
  query(sql: string): Promise<QueryEnd>
  close(why?: string): void
}

const serverErrorText = ({ code, message }: ServerError): string => `${code} ${message}`

/** @throws NotConnected */
export function openConnection(options: ConnectOptions): Promise<Connection> {
  return new Promise((opened, notOpened) => {
    const reader = new FrameReader({ scanner: mysql.scanner('responses'), maxFrameBytes: LONGEST_PACKET_BYTES })
    const login = createLogin(options)
    const answers = createAnswers()
    let ready = false
    let refusal: ServerError | undefined
    const { socket, isOpen, failure, end } = openSessionSocket({
      ...options,
      received: (chunk) =>
        reader.read(chunk, {
          frame(bytes) {
            if (!isOpen()) return
            const packet = packetIn(bytes)
            if (!ready) loggingIn(packet)
            else if (!answers.received(packet.payload)) end('the server ended the session')
          },
          loose: () => end('the server sent a packet of 16 MiB'),
        }),
      ended(why) {
        if (!ready) notOpened(new NotConnected(refusal === undefined ? why : serverErrorText(refusal), refusal?.code))
        answers.end(why)
      },
    })

    function loggingIn(packet: Packet): void {
      const step = login(packet)
      switch (step.type) {
        case 'send':
          socket.write(step.bytes)
          return
        case 'done':
          ready = true
          opened(connection)
          return
        case 'refused':
          refusal = step.error
          end(step.why)
      }
    }

    const connection: Connection = {
      isOpen,
      query: (sql) =>
        new Promise((ended) => {
          if (!isOpen()) {
            ended({ type: 'lost', why: failure() })
            return
          }
          answers.expect(ended)
          socket.write(packetOf({ sequence: 0, payload: queryCommand(sql) }))
        }),
      close(why = 'closed') {
        if (isOpen() && ready && socket.writable) socket.write(packetOf({ sequence: 0, payload: QUIT }))
        end(why)
      },
    }
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
        settle(refused(first.error))
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
      if (pending !== undefined) throw new Error('a command is still pending on this connection')
      pending = { awaits: 'first', columns: [], rows: [], ended }
    },
    received(payload) {
      if (pending === undefined) return false
      const { awaits, columns, rows } = pending
      if (awaits === 'first') begin(pending, readFirst(payload))
      else {
        const end = readEnd(payload)
        if (end?.kind === 'error') settle(refused(end.error))
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
  if (value === 'unread')
    throw new Error('a floating-point number cannot be read, because its text depends on the server')
  return value === null ? null : value.toString('utf8')
}

const refused = (error: ServerError): QueryEnd => ({ type: 'refused', why: serverErrorText(error), error })
