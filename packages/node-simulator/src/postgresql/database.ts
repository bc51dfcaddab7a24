import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { loadOptional } from '@chaosproxy/history/files'
import type { Engine, EngineOptions, Session, SqlError, Statement } from '@chaosproxy/simulated-postgresql'
import type { ServiceSpec } from '../declared/reference.ts'

type Simulated = typeof import('@chaosproxy/simulated-postgresql') & {
  readonly createEngine: (options: EngineOptions) => Engine
}

/** What a simulated PostgreSQL starts from. */
export interface Database {
  readonly createServer: Simulated['createServer']
  /** An engine that has executed the schema. */
  createEngine(options: EngineOptions): Engine
}

/**
 * Loads the servers of a service, and executes their schemas once.
 *
 * @throws UserError (environment) if the package is not installed, (input) for a file of SQL that cannot be executed.
 */
export async function loadDatabases(
  postgres: NonNullable<ServiceSpec['postgres']>,
): Promise<ReadonlyMap<string, Database>> {
  const databases = new Map<string, Database>()
  if (Object.keys(postgres).length === 0) return databases
  const simulated = await loadOptional(() => import('@chaosproxy/simulated-postgresql') as Promise<Simulated>, {
    why: 'The simulated PostgreSQL is a package of its own',
    packages: ['@chaosproxy/simulated-postgresql'],
  })
  await simulated.loadParser()
  for (const [name, { sql }] of Object.entries(postgres)) databases.set(name, databaseOf(simulated, sql))
  return databases
}

function databaseOf(simulated: Simulated, file: string | undefined): Database {
  const schema = file === undefined ? undefined : { file, text: readSql(file) }
  const database: Database = {
    createServer: simulated.createServer,
    createEngine(options) {
      const engine = simulated.createEngine(options)
      if (schema !== undefined) executeSchema(simulated, engine, schema)
      return engine
    },
  }
  // So that a schema that cannot be executed is no trouble of a run.
  database.createEngine({ time: { now: () => 0n, after: () => () => {} }, random: () => 0 })
  return database
}

/** Commands of psql in what pg_dump writes; they matter only to psql. */
const PSQL = /^\\(?:restrict|unrestrict)\b.*$/gm

function readSql(file: string): string {
  try {
    return readFileSync(resolve(file), 'utf8').replaceAll(PSQL, '')
  } catch {
    throw new UserError('input', `${file}: there is no such file of SQL. Give the schema of the database with --sql.`)
  }
}

interface Schema {
  readonly file: string
  readonly text: string
}

/** @throws UserError (input) */
function executeSchema({ SqlError, NotSupported }: Simulated, engine: Engine, { file, text }: Schema): void {
  const silent = { notice() {}, notification() {}, parameter() {}, terminated() {} }
  const session = engine.connect(new Map([['user', 'postgres']]), silent)
  let statement: Statement | undefined
  try {
    for (statement of session.parse(text)) executeAtOnce(session, statement)
  } catch (error) {
    if (error instanceof SqlError) throw new UserError('input', `${file}${lineOf(text, error)}: ${error.message}`)
    if (!(error instanceof NotSupported)) throw error
    const cause = `${statement?.sql ?? 'it'} has ${error.construct}, which the simulated PostgreSQL does not execute`
    throw new UserError('input', `${file} cannot be simulated: ${cause}. Leave it out of the schema for the simulator.`)
  } finally {
    session.end()
  }
}

function executeAtOnce(session: Session, statement: Statement): void {
  const execution = session.execute(session.prepare(statement, []), [])
  if (execution.next().done !== true) throw new Error('the first session of a database waits')
  session.sync()
}

const lineOf = (text: string, { fields: { position } }: SqlError): string =>
  position === undefined ? '' : `:${text.slice(0, position).split('\n').length}`
