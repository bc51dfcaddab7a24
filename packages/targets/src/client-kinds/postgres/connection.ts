import { randomBytes } from 'node:crypto'
import {
  type BackendMessage,
  backendReader,
  type FrontendMessage,
  reportOf,
  reportText,
  type ServerReport,
  writeFrontend,
} from '@chaosproxy/wire/postgresql'
import { NotConnected } from '../../sql/clients.ts'
import type { Row } from '../../sql/request.ts'
import { openSessionSocket } from '../../sql/session-socket.ts'
import { type Credentials, createLogin } from './authentication.ts'

interface ConnectOptions extends Credentials {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly parameters?: { readonly [name: string]: string } | undefined
  /** Aborts the connection at any time; a pending command ends as `lost`. */
  readonly signal?: AbortSignal | undefined
}

export type QueryEnd =
  | {
      readonly type: 'done'
      readonly rows: readonly Row[]
      readonly tag: string
      readonly notices: readonly ServerReport[]
    }
  /** `carriedOut`: the command succeeded, but its commit was refused. */
  | ({ readonly type: 'refused' } & Refused)
  /** The connection ended before the reply. */
  | { readonly type: 'lost'; readonly why: string; readonly notices: readonly ServerReport[] }

interface Refused {
  readonly why: string
  readonly report: ServerReport
  readonly carriedOut: boolean
}

/** One session with a server. It carries one command at a time, and never sends a command twice. */
export interface Connection {
  /** Returns a parameter that the server reports, such as `in_hot_standby`. It may change. */
  parameter(name: string): string | undefined
  isOpen(): boolean
  query(sql: string, parameters?: Row): Promise<QueryEnd>
  close(why?: string): void
}

interface Pending {
  readonly rows: Row[]
  readonly notices: ServerReport[]
  tag: string
  refused: Refused | undefined
  readonly ended: (end: QueryEnd) => void
}

/** Replies to these workloads are small. A reply above this size is not from a PostgreSQL server. */
const LONGEST_BYTES = 256 * 1024 * 1024

/** @throws NotConnected */
export function openConnection(options: ConnectOptions): Promise<Connection> {
  const { user, database, parameters } = options
  return new Promise((opened, notOpened) => {
    const reader = backendReader(LONGEST_BYTES)
    const login = createLogin(options, randomBytes(18).toString('base64'))
    const serverParameters = new Map<string, string>()
    let ready = false
    let lastWords: ServerReport | undefined
    let pending: Pending | undefined
    const { socket, isOpen, failure, end } = openSessionSocket({
      ...options,
      received(chunk) {
        for (const message of reader.read(chunk)) if (isOpen()) received(message)
      },
      ended(why) {
        const last = lastWords === undefined ? undefined : reportText(lastWords)
        if (!ready) notOpened(new NotConnected(last ?? why, lastWords?.code))
        const waiting = pending
        pending = undefined
        if (waiting?.refused !== undefined) waiting.ended({ type: 'refused', ...waiting.refused })
        else
          waiting?.ended({
            type: 'lost',
            why: last === undefined ? why : `${why} after ${last}`,
            notices: waiting.notices,
          })
      },
    })

    function received(message: BackendMessage): void {
      if (message.kind === 'parameter-status') serverParameters.set(message.name, message.value)
      else if (message.kind === 'notice') pending?.notices.push(reportOf(message))
      else if (pending !== undefined) answered(pending, message)
      else if (message.kind === 'error') lastWords = reportOf(message)
      else if (message.kind === 'authentication') {
        const answer = login(message)
        if (answer !== undefined) socket.write(writeFrontend({ kind: 'credentials', bytes: answer }))
      } else if (message.kind === 'ready' && !ready) {
        ready = true
        opened(connection)
      }
    }

    function answered(waiting: Pending, message: BackendMessage): void {
      switch (message.kind) {
        case 'data-row':
          waiting.rows.push(message.values.map((value) => value?.toString('utf8') ?? null))
          return
        case 'command-complete':
          waiting.tag = message.tag
          return
        case 'error': {
          const report = reportOf(message)
          waiting.refused ??= { why: reportText(report), report, carriedOut: waiting.tag !== '' }
          return
        }
        case 'ready': {
          pending = undefined
          const { refused, rows, tag, notices } = waiting
          waiting.ended(refused === undefined ? { type: 'done', rows, tag, notices } : { type: 'refused', ...refused })
          return
        }
        default:
      }
    }

    const connection: Connection = {
      parameter: (name) => serverParameters.get(name),
      isOpen,
      query(sql, values) {
        if (pending !== undefined) throw new Error('a command is still pending on this connection')
        return new Promise((ended) => {
          if (!isOpen()) {
            ended({ type: 'lost', why: failure(), notices: [] })
            return
          }
          pending = { rows: [], notices: [], tag: '', refused: undefined, ended }
          socket.write(values === undefined ? writeFrontend({ kind: 'query', sql }) : extendedQuery(sql, values))
        })
      },
      close(why = 'closed') {
        if (isOpen() && socket.writable) socket.write(writeFrontend({ kind: 'terminate' }))
        end(why)
      },
    }

    socket.on('connect', () => {
      const settings = Object.entries({ user, database, client_encoding: 'UTF8', ...parameters })
      socket.write(writeFrontend({ kind: 'startup', minorVersion: 0, parameters: settings }))
    })
  })
}

/** Returns the messages of one command, with everything as text. Its Sync ends an implicit transaction. */
function extendedQuery(sql: string, parameters: Row): Buffer {
  const values = parameters.map((value) => (value === null ? null : Buffer.from(value)))
  const messages: readonly FrontendMessage[] = [
    { kind: 'parse', statement: '', sql, types: [] },
    { kind: 'bind', portal: '', statement: '', formats: [], values, resultFormats: [] },
    { kind: 'execute', portal: '', mostRows: 0 },
    { kind: 'sync' },
  ]
  return Buffer.concat(messages.map(writeFrontend))
}
