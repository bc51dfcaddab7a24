import type { NodeId } from '@chaosproxy/faults'
import { type Completion, type Input, isTransaction, type Json } from '@chaosproxy/history'
import type { Client, Request } from '@chaosproxy/runner'
import type { NodeAddress, OpenClientsOptions, OpenedClients, PlannedClients } from '../clients/planned-clients.ts'
import {
  type Command,
  type Done,
  type Judged,
  type ObjectName,
  type ObjectsByName,
  objectOf,
  type SqlRequest,
  type Transfers,
} from './request.ts'

/** A session with one server. It runs one command at a time, and never sends a command twice. */
export interface SqlSession {
  isOpen(): boolean
  leads(): boolean | Promise<boolean>
  run(command: Command): Promise<Judged>
  begin(): Promise<Judged>
  /** Commits the transaction. The result is `done` only if it was committed. */
  commit(): Promise<Judged>
  rollback(): Promise<unknown>
  /** Closes the session. A pending command ends for the given reason. */
  close(why?: string): void
}

export class NotConnected extends Error {
  override readonly name: string = 'NotConnected'
  /** The code of the server's refusal, if the server refused. */
  readonly code: string | number | undefined

  constructor(message: string, code?: string | number) {
    super(message)
    this.code = code
  }
}

export interface SqlDatabase {
  readonly declaration: {
    readonly kind: string
    /** The type of the objects; by default it follows from the operations. */
    readonly object?: ObjectName | undefined
    readonly transfers?: Transfers | undefined
  }
  readonly objects: ObjectsByName
  /** Returns where an operation is sent: to the client's own node, or to the first that accepts writes. */
  readonly goesTo: (isReading: boolean) => 'own' | 'primary'
  /** Returns a function that opens one client's sessions. @throws NotConnected */
  sessions(): (address: NodeAddress, signal: AbortSignal) => Promise<SqlSession>
  prepare(tables: readonly string[], reached: readonly NodeAddress[], timeoutMs: number): Promise<void>
}

/** Plans clients of an SQL database. They retry nothing except the search for the primary, before the operation. */
export function planSqlClients(databaseOf: () => SqlDatabase): PlannedClients {
  const { declaration, objects } = databaseOf()
  const named = declaration.object === undefined ? Object.values(objects) : [objects[declaration.object]]
  return {
    functions: [...new Set(named.flatMap(({ functions }) => functions))],
    sessions: undefined,
    elsewhere: declaration,
    carries: () => undefined,
    open: async (options) => openClients(databaseOf(), options),
  }
}

function openClients(database: SqlDatabase, { operations: requested, nodes }: OpenClientsOptions): OpenedClients {
  const { declaration, objects } = database
  const object = declaration.object ?? objectOf(requested.functions, requested.initial)
  const open = new Set<Client>()
  return {
    prepare: (reached, timeoutMs) => database.prepare(objects[object].tables(requested.initial), reached, timeoutMs),
    connect(address) {
      const client = openClient(address, { database, object, nodes })
      open.add(client)
      return { invoke: client.invoke, close: () => open.delete(client) && client.close() }
    },
    async close() {
      for (const client of open) client.close()
    },
  }
}

interface Shared {
  readonly database: SqlDatabase
  readonly object: ObjectName
  readonly nodes: () => readonly NodeAddress[]
}

interface Connected {
  readonly node: NodeId
  readonly session: SqlSession
}

function openClient(home: NodeAddress, { database, object, nodes }: Shared): Client {
  const { declaration, objects, goesTo } = database
  const openSession = database.sessions()
  const sessions = new Map<NodeId, SqlSession>()
  let primary: NodeId | undefined
  let closed = false

  async function sessionWith(address: NodeAddress, signal: AbortSignal): Promise<Connected> {
    const { node } = address
    const known = sessions.get(node)
    if (known?.isOpen()) return { node, session: known }
    const session = await openSession(address, signal)
    if (closed) session.close()
    sessions.set(node, session)
    return { node, session }
  }

  /** Resolves with a session with the first node that accepts writes. Tries the last known primary first. */
  async function sessionWithPrimary(signal: AbortSignal): Promise<Connected> {
    const all = nodes()
    const last = all.filter(({ node }) => node === primary)
    const tried: string[] = []
    for (const address of [...last, ...all.filter(({ node }) => node !== primary)]) {
      try {
        const connected = await sessionWith(address, signal)
        if (await ending(connected.session, signal, () => connected.session.leads())) {
          primary = address.node
          return connected
        }
        tried.push(`${address.node}: a standby`)
      } catch (error) {
        if (!(error instanceof NotConnected)) throw error
        tried.push(`${address.node}: ${error.message}`)
        if (signal.aborted) {
          // The time ran out at this node, which may hang. The next request therefore begins at another node.
          primary = all[(all.indexOf(address) + 1) % all.length]?.node
          break
        }
      }
    }
    throw new NotConnected(`no node takes writes: ${tried.join('; ')}`)
  }

  async function ask({ input, harmless }: Request, signal: AbortSignal): Promise<Completion> {
    const sqlRequest = objects[object].requestFor(input, declaration.transfers)
    if (sqlRequest.type === 'unknown') return { type: 'fail', error: sqlRequest.why }
    let connected: Connected
    try {
      const isHere = goesTo(isReading(input)) === 'own'
      connected = await (isHere ? sessionWith(home, signal) : sessionWithPrimary(signal))
    } catch (error) {
      if (error instanceof NotConnected) return { type: 'fail', error: `not asked: ${error.message}` }
      throw error
    }
    const { node, session } = connected
    const end = await ending(session, signal, () => carryOut(sqlRequest, session))
    const completion = end.type === 'ok' || end.type === 'done' ? succeeded(end, input) : completionOf(end, harmless)
    return { ...completion, node }
  }

  return {
    invoke(request, timeoutMs, completed) {
      const giveUp = new AbortController()
      const timer = setTimeout(() => giveUp.abort(`timeout after ${timeoutMs} ms`), timeoutMs)
      ask(request, giveUp.signal).then((completion) => {
        clearTimeout(timer)
        completed(completion)
      })
    },
    close() {
      closed = true
      for (const session of sessions.values()) session.close('client closed')
    },
  }
}

async function carryOut(
  request: Exclude<SqlRequest, { readonly type: 'unknown' }>,
  session: SqlSession,
): Promise<Completion | Judged> {
  if (request.type === 'transaction') return transact(session, request)
  const judged = await session.run(request.command)
  return judged.type === 'done' ? request.result(judged) : judged
}

/** Runs a step, and closes the session if the signal aborts during the step. */
async function ending<T>(session: SqlSession, signal: AbortSignal, step: () => T | Promise<T>): Promise<T> {
  const abort = () => session.close(String(signal.reason))
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await step()
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

const isReading = ({ f, value }: Input): boolean =>
  f === 'read' ||
  (isTransaction(f) && Array.isArray(value) && value.every((step) => Array.isArray(step) && step[0] === 'r'))

const succeeded = (end: Completion | Judged, { value }: Input): Completion =>
  end.type === 'ok' ? end : { type: 'ok', value: value as Json }

/** A failed read has no effect, whatever the error. */
const completionOf = (
  {
    type,
    error,
    answered,
  }: { readonly type: 'fail' | 'info'; readonly error: string; readonly answered?: true | undefined },
  harmless: boolean,
): Completion => (answered === true ? { type: 'fail', error, answered } : { type: harmless ? 'fail' : type, error })

/**
 * Runs a transaction. It has no effect if it fails before COMMIT, or if the server refuses the COMMIT, for example
 * after a conflict.
 */
async function transact(
  session: SqlSession,
  { commands, result }: Extract<SqlRequest, { readonly type: 'transaction' }>,
): Promise<Completion | Judged> {
  const begun = await session.begin()
  if (begun.type !== 'done') return { type: 'fail', error: begun.error }
  const done: Done[] = []
  for (const { otherwise, ...command } of commands) {
    const judged = await session.run(command)
    if (judged.type === 'done' && (otherwise === undefined || judged.changed !== 0)) {
      done.push(judged)
      continue
    }
    if (session.isOpen()) await session.rollback()
    return judged.type !== 'done'
      ? { type: 'fail', error: judged.error }
      : { type: 'fail', error: otherwise ?? 'no row', answered: true }
  }
  const end = await session.commit()
  if (end.type !== 'done') return end
  return result === undefined ? end : result(done)
}
