import type { Notification } from '../session/notifications.ts'
import type { Engine, Session } from '../session/session.ts'
import { SqlError } from '../sql/error.ts'
import { Extended } from './extended.ts'
import type { Pause, Peer } from './peer.ts'
import { errorMessage, fatal, noticeMessage } from './report.ts'
import { type Done, reported, runStatement, type Talk } from './statement.ts'
import { describeColumns, writeRow } from './values.ts'

export interface ConversationOptions {
  readonly engine: Engine
  readonly peer: Peer
  /** Called for a statement that is not simulated. */
  readonly unsupported: (sql: string, construct: string) => void
  readonly losesReply: (pid: number) => boolean
  readonly began: (session: Session) => void
  readonly terminated: (error: SqlError) => void
  /** A CancelRequest. */
  readonly cancel: (pid: number, secret: number) => void
  /** Returns the error with which the server refuses new sessions. */
  readonly unwilling: () => SqlError | undefined
}

/** The whole conversation of one connection, from its startup packet to its end. */
export function* converse(options: ConversationOptions): Generator<Pause, void> {
  const { peer } = options
  const notifications = new Notifications(peer)
  let session: Session | undefined
  try {
    session = yield* start(options, notifications)
    if (session === undefined) return
    options.began(session)
    yield* serve({ session, peer, unsupported: options.unsupported }, options.losesReply, notifications)
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    peer.write(errorMessage(error))
    peer.flush()
  } finally {
    session?.end()
  }
}

/** Delivers notifications when the client expects them: just before ReadyForQuery, or between queries. */
class Notifications {
  readonly #peer: Peer
  #waiting: Notification[] = []
  isIdle = false

  constructor(peer: Peer) {
    this.#peer = peer
  }

  add(notification: Notification): void {
    this.#waiting.push(notification)
    if (!this.isIdle) return
    this.write()
    this.#peer.flush()
  }

  write(): void {
    for (const { pid, channel, payload } of this.#waiting)
      this.#peer.write({ kind: 'notification', processId: pid, channel, payload })
    this.#waiting = []
  }
}

/** Runs the startup of a connection. */
function* start(options: ConversationOptions, notifications: Notifications): Generator<Pause, Session | undefined> {
  const { peer } = options
  for (;;) {
    const message = yield* peer.next()
    switch (message.kind) {
      case 'ssl-request':
      case 'gssenc-request':
        peer.write({ kind: 'encryption', answer: 'N' })
        peer.flush()
        break
      case 'cancel-request':
        options.cancel(message.processId, message.secret.length === 4 ? message.secret.readUInt32BE(0) : 0)
        return undefined
      case 'startup':
        return begin(message, { ...options, notifications })
      case 'malformed':
        throw fatal('08P01', message.why)
      default:
        return undefined
    }
  }
}

interface Beginning extends Pick<ConversationOptions, 'engine' | 'peer' | 'unwilling' | 'terminated'> {
  readonly notifications: Notifications
}

function begin(
  {
    minorVersion,
    parameters,
  }: { readonly minorVersion: number; readonly parameters: readonly (readonly [string, string])[] },
  { engine, peer, unwilling, notifications, terminated }: Beginning,
): Session {
  const unknown = parameters.map(([name]) => name).filter((name) => name.startsWith('_pq_.'))
  if (minorVersion > 0 || unknown.length > 0) peer.write({ kind: 'negotiate-version', minorVersion: 0, unknown })
  const reason = unwilling()
  if (reason !== undefined) throw reason
  const session = engine.connect(new Map(parameters), {
    notice: (notice) => peer.write(noticeMessage(notice)),
    notification: (pid, channel, payload) => notifications.add({ pid, channel, payload }),
    terminated,
    parameter: (name, value) => peer.write({ kind: 'parameter-status', name, value }),
  })
  peer.write({ kind: 'authentication', method: 0, bytes: Buffer.alloc(0) })
  for (const [name, value] of session.parameters()) peer.write({ kind: 'parameter-status', name, value })
  const secret = Buffer.alloc(4)
  secret.writeUIntBE(session.secret, 0, 4)
  peer.write({ kind: 'backend-key', processId: session.pid, secret })
  return session
}

const STATUSES = { idle: 'I', transaction: 'T', failed: 'E' } as const

type LosesReply = ConversationOptions['losesReply']

function* serve(talk: Talk, losesReply: LosesReply, notifications: Notifications): Generator<Pause, void> {
  const { session, peer } = talk
  const extended = new Extended(talk)
  let isSkipping = false
  let commits = 0
  /** Whether the connection must end before the client learns of a commit. */
  const isCut = (): boolean => {
    const hasCommitted = session.commits > commits
    commits = session.commits
    return hasCommitted && losesReply(session.pid)
  }
  const ready = (): void => {
    session.ready()
    if (session.status() === 'idle') extended.ended()
    notifications.write()
    peer.write({ kind: 'ready', status: STATUSES[session.status()] })
    peer.flush()
  }
  const failed = (error: unknown): void => {
    peer.write(errorMessage(reported(talk, extended.sql, error)))
    peer.flush()
  }
  ready()
  for (;;) {
    notifications.isIdle = !isSkipping && session.status() === 'idle'
    const message = yield* peer.next()
    notifications.isIdle = false
    switch (message.kind) {
      case 'query':
        if (isSkipping) break
        yield* answerQuery(talk, message.sql)
        if (isCut()) return peer.discard()
        ready()
        break
      case 'parse':
      case 'bind':
      case 'describe':
      case 'execute':
      case 'close':
        if (isSkipping) break
        try {
          yield* extended.answer(message)
        } catch (error) {
          failed(error)
          isSkipping = true
        }
        break
      case 'sync':
        isSkipping = false
        try {
          session.sync()
        } catch (error) {
          failed(error)
        }
        if (isCut()) return peer.discard()
        ready()
        break
      case 'flush':
        peer.flush()
        break
      case 'copy-data':
      case 'copy-done':
      case 'copy-fail':
        // The client sent these messages before it received the error of its COPY, so they are ignored.
        break
      case 'function-call':
        talk.unsupported('', 'the function call message of the protocol')
        throw fatal('0A000', 'the function call message is not simulated')
      case 'malformed':
        throw fatal('08P01', message.why)
      case 'terminate':
      case 'closed':
        return
      default:
        throw fatal('08P01', `unexpected message: ${message.kind}`)
    }
  }
}

/** Executes a simple query. Its statements run in one transaction, unless they begin transactions themselves. */
function* answerQuery(talk: Talk, sql: string): Generator<Pause, void> {
  const { session, peer } = talk
  let running = sql
  try {
    const statements = session.parse(sql)
    if (statements.length === 0) peer.write({ kind: 'empty-query' })
    for (const [i, statement] of statements.entries()) {
      running = statement.sql
      const outcome = yield* runStatement(talk, statement, [])
      writeRows(talk, outcome)
      // The transaction commits before the reply to its last statement.
      if (i === statements.length - 1) session.sync()
      if (outcome.kind === 'empty') peer.write({ kind: 'empty-query' })
      else peer.write({ kind: 'command-complete', tag: outcome.tag })
    }
  } catch (error) {
    peer.write(errorMessage(reported(talk, running, error)))
  }
}

function writeRows({ session: { context }, peer }: Talk, outcome: Done): void {
  if (outcome.kind !== 'rows') return
  const { columns, rows } = outcome
  peer.write({ kind: 'row-description', columns: describeColumns(columns, [], context) })
  for (const row of rows) peer.write({ kind: 'data-row', values: writeRow(row, { columns, formats: [], context }) })
}
