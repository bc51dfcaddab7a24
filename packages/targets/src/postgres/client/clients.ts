import type { NodeId } from '@chaosproxy/faults'
import { type Completion, type Input, isTransaction, type Json } from '@chaosproxy/history'
import type { Client, Request } from '@chaosproxy/runner'
import { rowsOf } from '@chaosproxy/wire/postgresql'
import * as v from 'valibot'
import type { ClientKind } from '../../clients/client-kind.ts'
import type { NodeAddress, OpenClientsOptions, OpenedClients, PlannedClients } from '../../clients/planned-clients.ts'
import { type Connection, NotConnected, openConnection } from './connection.ts'
import { commits, isolations, type PostgresDeclaration, readsFrom } from './declaration.ts'
import { type Asked, type ObjectName, objectNames, objectOf, objects, transfersMade } from './objects.ts'
import { completionOf, type Judged, judgeEnd } from './outcomes.ts'
import { makeTables } from './tables.ts'

const oneOf = <Name extends string>(names: readonly Name[], description: string) =>
  v.optional(v.pipe(v.picklist(names, `must be ${names.join(', ')}`), v.description(description)))

/** Clients of PostgreSQL. They retry nothing except the search for the primary, which precedes the operation. */
export const postgresKind: ClientKind<PostgresDeclaration> = {
  kind: 'postgres',
  entries: {
    user: v.optional(v.pipe(v.string('must be a text'), v.description('[default: postgres]'))),
    password: v.optional(v.string('must be a text')),
    database: v.optional(v.pipe(v.string('must be a text'), v.description('[default: postgres]'))),
    reads: oneOf(readsFrom, "where to read; replicas: at the client's own node [default: primary]"),
    isolation: oneOf(isolations, "of every transaction [default: the server's setting]"),
    transfers: oneOf(
      transfersMade,
      'how a transfer of the workload bank changes balances; read-then-write: in later statements [default: in-place]',
    ),
    commit: oneOf(commits, "what a commit waits for; async: no standby [default: the server's setting]"),
    local: v.optional(
      v.pipe(
        v.number('must be a share'),
        v.minValue(0, 'must be a share from 0 to 1'),
        v.maxValue(1, 'must be a share from 0 to 1'),
        v.description('share of the sessions that do not wait for standbys, regardless of commit [default: 0]'),
      ),
    ),
    object: oneOf(objectNames, 'type of the objects [default: by the workload]'),
  },
  isPlain: true,
  plan: planPostgres,
}

export function planPostgres(declaration: PostgresDeclaration): PlannedClients {
  const { object } = declaration
  const named = object === undefined ? Object.values(objects) : [objects[object]]
  return {
    functions: [...new Set(named.flatMap(({ functions }) => functions))],
    sessions: undefined,
    elsewhere: declaration,
    carries: () => undefined,
    open: async (options) => openClients(declaration, options),
  }
}

/** Shared by the clients of a run. */
interface Shared {
  readonly declaration: PostgresDeclaration
  readonly object: ObjectName
  readonly nodes: () => readonly NodeAddress[]
  /** Whether the next session commits locally. */
  readonly isLocal: () => boolean
}

function openClients(declaration: PostgresDeclaration, { asked, nodes }: OpenClientsOptions): OpenedClients {
  const object = declaration.object ?? objectOf(asked.functions, asked.initial)
  const { local = 0 } = declaration
  let sessions = 0
  const shared: Shared = {
    declaration,
    object,
    nodes,
    isLocal() {
      sessions++
      return Math.floor(sessions * local) > Math.floor((sessions - 1) * local)
    },
  }
  const open = new Set<Client>()
  return {
    prepare: (reached, timeoutMs) =>
      makeTables({ declaration, tables: objects[object].tables(asked.initial), reached, timeoutMs }),
    connect(address) {
      const client = openClient(address, shared)
      open.add(client)
      return { invoke: client.invoke, close: () => open.delete(client) && client.close() }
    },
    async close() {
      for (const client of open) client.close()
    },
  }
}

interface Connected {
  readonly node: NodeId
  readonly connection: Connection
}

/** The time left for an invocation. */
interface Deadline {
  readonly signal: AbortSignal
}

function openClient(home: NodeAddress, { declaration, object, nodes, isLocal }: Shared): Client {
  const connections = new Map<NodeId, Connection>()
  const isLocalSession = isLocal()
  let primary: NodeId | undefined
  let closed = false

  async function connectionTo(address: NodeAddress, { signal }: Deadline): Promise<Connected> {
    const { node } = address
    const known = connections.get(node)
    if (known?.isOpen()) return { node, connection: known }
    const connection = await openConnection({
      ...credentialsOf(declaration),
      host: address.host,
      port: address.port,
      parameters: sessionParameters(declaration, isLocalSession),
      signal,
    })
    if (closed) connection.close()
    connections.set(node, connection)
    return { node, connection }
  }

  /** A connection to the first node that accepts writes, starting with the last known primary. */
  async function connectionToPrimary(deadline: Deadline): Promise<Connected> {
    const all = nodes()
    const last = all.filter(({ node }) => node === primary)
    const tried: string[] = []
    for (const address of [...last, ...all.filter(({ node }) => node !== primary)]) {
      try {
        const connected = await connectionTo(address, deadline)
        if (connected.connection.parameter('in_hot_standby') !== 'on') {
          primary = address.node
          return connected
        }
        tried.push(`${address.node}: a standby`)
      } catch (error) {
        if (!(error instanceof NotConnected)) throw error
        tried.push(`${address.node}: ${error.message}`)
        if (deadline.signal.aborted) break
      }
    }
    throw new NotConnected(`no node takes writes: ${tried.join('; ')}`)
  }

  async function ask({ input, harmless }: Request, deadline: Deadline): Promise<Completion> {
    const asked = objects[object].asked(input, declaration.transfers)
    if (asked.type === 'unknown') return { type: 'fail', error: asked.why }
    const isHere = isReading(input) && declaration.reads === 'replicas'
    let connected: Connected
    try {
      connected = await (isHere ? connectionTo(home, deadline) : connectionToPrimary(deadline))
    } catch (error) {
      if (error instanceof NotConnected) return { type: 'fail', error: `not asked: ${error.message}` }
      throw error
    }
    const { node, connection } = connected
    const end = await carryOut(asked, connection, deadline)
    const completion = end.type === 'ok' || end.type === 'done' ? succeeded(end, input) : completionOf(end, harmless)
    return { ...completion, node }
  }

  return {
    invoke(request, timeoutMs, completed) {
      const giveUp = new AbortController()
      const timer = setTimeout(() => giveUp.abort(`timeout after ${timeoutMs} ms`), timeoutMs)
      ask(request, giveUp).then((completion) => {
        clearTimeout(timer)
        completed(completion)
      })
    },
    close() {
      closed = true
      for (const connection of connections.values()) connection.close('client closed')
    },
  }
}

async function carryOut(
  asked: Exclude<Asked, { readonly type: 'unknown' }>,
  connection: Connection,
  deadline: Deadline,
): Promise<Completion | Judged> {
  const abort = () => connection.close(String(deadline.signal.reason))
  deadline.signal.addEventListener('abort', abort)
  try {
    if (asked.type === 'transaction') return await transact(connection, asked)
    const { sql, parameters } = asked.command
    const judged = judgeEnd(await connection.query(sql, parameters))
    return judged.type === 'done' ? asked.result(judged) : judged
  } finally {
    deadline.signal.removeEventListener('abort', abort)
  }
}

const isReading = ({ f, value }: Input): boolean =>
  f === 'read' ||
  (isTransaction(f) && Array.isArray(value) && value.every((step) => Array.isArray(step) && step[0] === 'r'))

const succeeded = (end: Completion | Judged, { value }: Input): Completion =>
  end.type === 'ok' ? end : { type: 'ok', value: value as Json }

/**
 * Runs a transaction. Until COMMIT is sent, any failure leaves no effect; so does a COMMIT that is refused, as for a
 * conflict (40001).
 */
async function transact(
  connection: Connection,
  { commands, result }: Extract<Asked, { readonly type: 'transaction' }>,
): Promise<Completion | Judged> {
  const begun = judgeEnd(await connection.query('BEGIN'))
  if (begun.type !== 'done') return { type: 'fail', error: begun.error }
  const done: Extract<Judged, { readonly type: 'done' }>[] = []
  for (const { sql, parameters, otherwise } of commands) {
    const judged = judgeEnd(await connection.query(sql, parameters))
    if (judged.type === 'done' && (otherwise === undefined || rowsOf(judged.tag) !== 0)) {
      done.push(judged)
      continue
    }
    if (connection.isOpen()) await connection.query('ROLLBACK')
    return judged.type !== 'done'
      ? { type: 'fail', error: judged.error }
      : { type: 'fail', error: otherwise ?? 'no row', answered: true }
  }
  const end = judgeEnd(await connection.query('COMMIT'))
  if (end.type !== 'done') return end
  if (end.tag !== 'COMMIT') return { type: 'fail', error: `COMMIT answered ${end.tag}` }
  return result === undefined ? end : result(done)
}

const credentialsOf = ({ user = 'postgres', password, database = 'postgres' }: PostgresDeclaration) => ({
  user,
  password,
  database,
})

function sessionParameters(
  { isolation, commit }: PostgresDeclaration,
  isLocalSession: boolean,
): { readonly [name: string]: string } {
  const synchronous = isLocalSession || commit === 'async' ? 'local' : commit
  return {
    application_name: 'chaos',
    ...(isolation === undefined ? {} : { default_transaction_isolation: isolation.replace('-', ' ') }),
    ...(synchronous === undefined ? {} : { synchronous_commit: synchronous }),
  }
}
