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
  /** Returns the answer to a query after the program has ended. */
  answered(sql: string): string
}

export interface Judged {
  /** The isolation level that the recorder checks. */
  readonly level: string
  /** The value of `--as` for the PostgreSQL recorder. By default, all tables that can be recorded are recorded. */
  readonly as?: string | undefined
  /** Environment variables of the service, in addition to those for its PostgreSQL. */
  readonly environment?: Readonly<Record<string, string>>
}

/** How clients are recorded, and which faults occur. */
export interface FaultRun {
  /** The consistency level that clients expect; absent if they expect none. */
  readonly level?: 'linearizable'
  readonly faults: 'none' | 'lose-reply' | 'kill'
  readonly hurt: 'db' | 'app'
  readonly seed: number
  readonly environment?: Readonly<Record<string, string>>
  /** Whether there is a standby. The service finds its address in PG_STANDBY_URL. */
  readonly standby?: boolean
  /** SQL that makes PostgreSQL slow at the moments at which faults should occur. */
  readonly slowed?: string
}

/**
 * Runs an unchanged service under load with a real PostgreSQL. A recorder between the service and PostgreSQL judges the
 * transactions.
 *
 * @param cwd the folder of the service and of `load.mjs`. The first word of the service's name also names the file of
 * its tables.
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

/**
 * Like `recordedService`, but records the requests of clients, which the service's route table describes. The seed
 * decides when faults occur.
 */
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
/** Makes commits slow, so that most lost replies are replies to a COMMIT. */
export const SLOW_COMMITS = `${SLOW};
  CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON payments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow();`
/** Makes the first statement of a service slow, so that most kills occur while the service waits for it. */
export const SLOW_ENTRIES = `${SLOW}; CREATE TRIGGER slow BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION slow();`

async function standbyOf(port: number): Promise<{ readonly PG_STANDBY_URL: string }> {
  const primary = { host: '127.0.0.1', port }
  const programs = { basebackup: installed('pg_basebackup')!, postgres: postgres! }
  const standby = await startStandby(programs, primary, primary)
  return { PG_STANDBY_URL: `postgres://tester@127.0.0.1:${standby.port}/postgres` }
}

const nameOf = (service: string): string => service.split('-')[0] ?? ''

/** Starts a PostgreSQL with the tables of a service. */
async function databaseOf(cwd: string, service: string) {
  const { port } = await startPostgres(initdb!, postgres!)
  const database = ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'tester']
  const asked = (sql: string): string =>
    execFileSync(psql!, [...database, '-Atqc', sql, 'postgres'], { encoding: 'utf8' }).trim()
  asked(readFileSync(join(cwd, `${nameOf(service)}.sql`), 'utf8'))
  return { port, answered: asked }
}
