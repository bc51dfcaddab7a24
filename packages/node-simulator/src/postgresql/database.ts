import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import { loadOptional } from '@chaosproxy/history/files'
import type { Calculator, Engine, EngineOptions } from '@chaosproxy/simulated-postgresql'
import { type PostgresSpec, type ServiceSpec, standbyOf } from '../declared/reference.ts'
import { type BrokenAssertion, brokenIn, requireQueries } from './asserted.ts'
import { executeAlone, loadSimulated, type Simulated, silent, userErrorOf } from './simulated.ts'

/** The prepared database from which each run creates its simulated PostgreSQL. */
export interface Database {
  readonly createServer: Simulated['createServer']
  /** The host of the standby; undefined if there is none. */
  readonly standby: NodeId | undefined
  createEngine(options: EngineOptions): Engine
  /**
   * Returns the first assertion that the data breaks.
   *
   * @throws UserError (input) if one cannot be executed.
   */
  broken(engine: Engine): BrokenAssertion | undefined
}

/**
 * Loads the servers of a service, and executes their schemas once.
 *
 * @throws UserError (environment) if the package is not installed, (input) for SQL that cannot be executed.
 */
export async function loadDatabases(
  postgres: NonNullable<ServiceSpec['postgres']>,
): Promise<ReadonlyMap<string, Database>> {
  const databases = new Map<string, Database>()
  if (Object.keys(postgres).length === 0) return databases
  const simulated = await loadSimulated()
  await simulated.loadParser()
  const calculator = Object.values(postgres).some((spec) => spec.calculator === true)
    ? await loadOptional(() => simulated.startCalculator(), {
        why: 'The calculator of PostgreSQL functions needs a package that is not installed',
        packages: ['@electric-sql/pglite'],
      })
    : undefined
  for (const [name, spec] of Object.entries(postgres))
    databases.set(
      name,
      databaseOf(simulated, spec, {
        standby: spec.standby === true ? standbyOf(name) : undefined,
        calculator: spec.calculator === true ? calculator : undefined,
      }),
    )
  return databases
}

function databaseOf(
  simulated: Simulated,
  { sql: file, assert = [] }: PostgresSpec,
  { standby, calculator }: { readonly standby: NodeId | undefined; readonly calculator: Calculator | undefined },
): Database {
  const schema = file === undefined ? undefined : { file, text: readSql(file) }
  const createEngine = (options: EngineOptions): Engine => {
    const engine = simulated.createEngine(calculator === undefined ? options : { ...options, calculator })
    if (schema !== undefined) executeSchema(simulated, engine, schema)
    return engine
  }
  // The assertions are parsed in advance, so that an invalid one is not reported as a problem of a run.
  requireQueries(simulated, createEngine({ time: { now: () => 0n, after: () => () => {} }, random: () => 0 }), assert)
  return {
    createServer: simulated.createServer,
    standby,
    createEngine,
    broken: (engine) => brokenIn(simulated, engine, assert),
  }
}

/** Commands in the output of pg_dump that only psql interprets. */
const PSQL = /^\\(?:restrict|unrestrict)\b.*$/gm

function readSql(file: string): string {
  try {
    return readFileSync(resolve(file), 'utf8').replaceAll(PSQL, '')
  } catch {
    throw inputError(`${file}: there is no such file of SQL. Give the schema of the database with --sql.`)
  }
}

interface Schema {
  readonly file: string
  readonly text: string
}

/** @throws UserError (input) */
function executeSchema(simulated: Simulated, engine: Engine, { file, text }: Schema): void {
  const session = engine.connect(new Map([['user', 'postgres']]), silent)
  const lineOf = (position: number | undefined): string =>
    position === undefined ? file : `${file}:${text.slice(0, position).split('\n').length}`
  let sql = ''
  try {
    for (const statement of session.parse(text)) {
      sql = statement.sql
      executeAlone(session, statement)
    }
  } catch (error) {
    throw userErrorOf(simulated, error, { where: lineOf, sql })
  } finally {
    session.end()
  }
}
