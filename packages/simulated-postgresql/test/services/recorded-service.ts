import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { initdb, postgres, psql } from '../../../cli/test/record/doctors-and-accounts.ts'
import { chaos, temporaryDirectory } from '../../../testing/src/chaos.ts'
import { installed, startPostgres, startStandby } from '../../../testing/src/servers.ts'

const ENVIRONMENT = {
  ...{ PGHOST: '127.0.0.1', PGUSER: 'tester', PGDATABASE: 'postgres' },
  DATABASE_URL: 'postgres://tester@127.0.0.1/postgres',
}

export interface RecordedService {
  readonly exitCode: number | null
  readonly output: string
  /** What a query answers once the program has ended. */
  answered(sql: string): string
}

export interface Judged {
  /** Of isolation. */
  readonly level: string
  /** How the PostgreSQL is recorded; when absent, all of its tables that can be. */
  readonly as?: string | undefined
  /** Of the service, beside its PostgreSQL. */
  readonly environment?: Readonly<Record<string, string>>
}

/** What goes wrong while clients are recorded. */
export interface FaultRun {
  /** Of consistency; absent: nothing is expected of what clients see. */
  readonly level?: 'linearizable'
  readonly faults: 'none' | 'lose-reply' | 'kill'
  readonly hurt: 'db' | 'app'
  readonly seed: number
  readonly environment?: Readonly<Record<string, string>>
  /** There is a standby, whose address the service finds in PG_STANDBY_URL. */
  readonly standby?: boolean
  /** Makes the PostgreSQL slow where it is to be hurt. */
  readonly slowed?: string
}

/**
 * Asks a service of a folder as it is, with a real PostgreSQL behind the recorder, which judges the transactions.
 *
 * @param cwd the folder, which has the service, `load.mjs` and the tables of the service, by the first word of its name
 */
export async function recordedService(
  cwd: string,
  service: string,
  { level, as, environment }: Judged = { level: 'serializable' },
): Promise<RecordedService> {
  const { port, answered } = await databaseOf(cwd, service)
  const suggested = as ?? (await chaos(['routes', 'suggest', `postgres://tester@127.0.0.1:${port}/postgres`])).stdout
  const { exitCode, stdout, stderr } = await chaos(
    [
      ...['record', '--upstream', `127.0.0.1:${port}`, '--as', suggested.replace(/\s+/g, ' ')],
      ...['--faults', 'none', '--expect', level, '--seed', '1', '--out', temporaryDirectory(), '--'],
      ...['sh', '-c', `PGPORT={n1.port} exec ${process.execPath} load.mjs ${service}`],
    ],
    { cwd, env: { ...ENVIRONMENT, ...environment } },
  )
  return { exitCode, output: (stdout + stderr).replace(/\s+/g, ' '), answered }
}

/** The same, where what clients ask of the service is recorded, by its route table. The seed decides when it is hurt. */
export async function recordedClients(
  cwd: string,
  service: string,
  { level, faults, hurt, seed, environment, standby, slowed }: FaultRun,
): Promise<RecordedService> {
  const { port, answered } = await databaseOf(cwd, service)
  if (slowed !== undefined) answered(slowed)
  if (standby === true) answered("ALTER SYSTEM SET recovery_min_apply_delay = '50ms'")
  const behind = standby === true ? await standbyOf(port) : {}
  const { exitCode, stdout, stderr } = await chaos(
    [
      ...['record', '--name', 'db', '--upstream', `127.0.0.1:${port}`, '--as', 'tcp'],
      ...['--name', 'app', '--as', `${nameOf(service)}.routes.json`, '--model', 'counter'],
      ...['--serve', `sh -c 'PGPORT={db.port} PORT={port} exec ${process.execPath} ${service}.mjs'`],
      ...['--faults', faults, '--hurt', hurt, ...(level === undefined ? [] : ['--expect', level]), '--seed', `${seed}`],
      ...['--out', temporaryDirectory(), '--', process.execPath, 'load.mjs', service, '{app}'],
    ],
    { cwd, env: { ...ENVIRONMENT, ...environment, ...behind } },
  )
  return { exitCode, output: (stdout + stderr).replace(/\s+/g, ' '), answered }
}

const SLOW =
  "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.05); RETURN new; END'"
/** So that the replies which are lost at a time are mostly one to a COMMIT. */
export const SLOW_COMMITS = `${SLOW};
  CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON payments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow();`
/** So that a kill comes mostly while a service waits for its first statement. */
export const SLOW_ENTRIES = `${SLOW}; CREATE TRIGGER slow BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION slow();`

async function standbyOf(port: number): Promise<{ readonly PG_STANDBY_URL: string }> {
  const primary = { host: '127.0.0.1', port }
  const programs = { basebackup: installed('pg_basebackup')!, postgres: postgres! }
  const standby = await startStandby(programs, primary, primary)
  return { PG_STANDBY_URL: `postgres://tester@127.0.0.1:${standby.port}/postgres` }
}

const nameOf = (service: string): string => service.split('-')[0] ?? ''

/** A PostgreSQL with the tables of a service. */
async function databaseOf(cwd: string, service: string) {
  const { port } = await startPostgres(initdb!, postgres!)
  const database = ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'tester']
  const asked = (sql: string): string =>
    execFileSync(psql!, [...database, '-Atqc', sql, 'postgres'], { encoding: 'utf8' }).trim()
  asked(readFileSync(join(cwd, `${nameOf(service)}.sql`), 'utf8'))
  return { port, answered: asked }
}
