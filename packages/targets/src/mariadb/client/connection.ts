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
export class MariadbRefused extends NotConnected {
  /** The server's own error, if it sent one. */
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
    const reader = createPacketReader()
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
        case 'in':
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
          socket.write(queryPacket(sql))
        }),
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
          else if (!answers.received(packet.payload)) end('the server ended the session')
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

type LoginStep =
  | { readonly type: 'send'; readonly bytes: Buffer }
  | { readonly type: 'in'; readonly version: string }
  | { readonly type: 'refused'; readonly why: string; readonly error?: ServerError }

/** What to do about each packet of the server until the client is let in. */
function createLogin(options: ConnectOptions): (packet: Packet) => LoginStep {
  let version: string | undefined
  return ({ sequence, payload }) => {
    // A server that takes no more sessions says so in place of a greeting.
    const answer = readAnswer(payload, true)
    if (answer.kind === 'error') return { type: 'refused', why: 'refused', error: answer.error }
    if (version === undefined) {
      const greeting = readGreeting(payload)
      version = greeting.version
      return { type: 'send', bytes: loginPacket({ ...options, scramble: greeting.scramble }) }
    }
    if (answer.kind === 'ok') return { type: 'in', version }
    if (answer.kind !== 'switch')
      return { type: 'refused', why: 'the server answered a login with something that is not known here' }
    if (answer.plugin !== NATIVE_PASSWORD)
      return { type: 'refused', why: `the server wants ${answer.plugin}: only ${NATIVE_PASSWORD} is known here` }
    return { type: 'send', bytes: packetOf(sequence + 1, nativePassword(options.password, answer.scramble)) }
  }
}

interface Pending {
  /** What the next packet is: the first of an answer, a column's description, or a row. */
  awaits: 'first' | 'columns' | 'rows'
  columns: number
  readonly rows: (readonly (string | null)[])[]
  readonly ended: (end: QueryEnd) => void
}

interface Answers {
  /** @throws Error if another answer is expected already. */
  expect(ended: (end: QueryEnd) => void): void
  /** False for a packet that answers nothing: the server is ending the session. */
  received(payload: Buffer): boolean
  end(why: string): void
}

/** Puts packets together to the answer of the one command that was sent. */
function createAnswers(): Answers {
  let pending: Pending | undefined

  function settle(answer: QueryEnd): void {
    const waiting = pending
    pending = undefined
    waiting?.ended(answer)
  }

  return {
    expect(ended) {
      if (pending !== undefined) throw new Error('a connection has one command at a time')
      pending = { awaits: 'first', columns: 0, rows: [], ended }
    },
    received(payload) {
      if (pending === undefined) return false
      const answer = readAnswer(payload, false)
      if (answer.kind === 'error') settle({ type: 'refused', error: answer.error })
      else if (pending.awaits === 'columns') pending.awaits = answer.kind === 'end' ? 'rows' : 'columns'
      else if (pending.awaits === 'rows') {
        const { rows, columns } = pending
        if (answer.kind !== 'end') rows.push(readRow(payload, columns))
        else settle({ type: 'done', rows, changed: rows.length })
      } else if (answer.kind === 'ok') settle({ type: 'done', rows: [], changed: answer.affected })
      else {
        pending.columns = readColumnCount(payload)
        pending.awaits = 'columns'
      }
      return true
    },
    end: (why) => settle({ type: 'lost', why }),
  }
}
