import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { initdb, postgres, psql } from '../../../cli/test/record/doctors-and-accounts.ts'
import { chaos, temporaryDirectory } from '../../../testing/src/chaos.ts'
import { startPostgres } from '../../../testing/src/servers.ts'

const ENVIRONMENT = {
  ...{ PGHOST: '127.0.0.1', PGUSER: 'tester', PGDATABASE: 'postgres' },
  DATABASE_URL: 'postgres://tester@127.0.0.1/postgres',
}

export interface RecordedService {
  readonly exitCode: number | null
  readonly told: string
  /** What a query answers once the program has ended. */
  answered(sql: string): string
}

export interface Judged {
  /** Of isolation. */
  readonly level: string
  /** How the PostgreSQL is recorded; when absent, all of its tables that can be. */
  readonly as?: string
}

/**
 * Asks a service of a folder as it is, with a real PostgreSQL behind the recorder, which judges the transactions.
 *
 * @param cwd the folder, which has the service, `load.mjs` and the tables of the service, by the first word of its name
 */
export async function recordedService(
  cwd: string,
  service: string,
  { level, as }: Judged = { level: 'serializable' },
): Promise<RecordedService> {
  const { port, answered } = await databaseOf(cwd, service)
  const suggested = as ?? (await chaos(['routes', 'suggest', `postgres://tester@127.0.0.1:${port}/postgres`])).stdout
  const { exitCode, stdout, stderr } = await chaos(
    [
      ...['record', '--upstream', `127.0.0.1:${port}`, '--as', suggested.replace(/\s+/g, ' ')],
      ...['--faults', 'none', '--expect', level, '--seed', '1', '--out', temporaryDirectory(), '--'],
      ...['sh', '-c', `PGPORT={n1.port} exec ${process.execPath} load.mjs ${service}`],
    ],
    { cwd, env: ENVIRONMENT },
  )
  return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' '), answered }
}

/**
 * The same where replies of the PostgreSQL are lost, of which the seed decides: what clients ask of the service is recorded,
 * by its route table.
 */
export async function recordedWithLosses(cwd: string, service: string, seed: number): Promise<RecordedService> {
  const { port, answered } = await databaseOf(cwd, service)
  answered(SLOW_COMMITS)
  const { exitCode, stdout, stderr } = await chaos(
    [
      ...['record', '--name', 'db', '--upstream', `127.0.0.1:${port}`, '--as', 'tcp'],
      ...['--name', 'app', '--as', `${nameOf(service)}.routes.json`, '--model', 'counter'],
      ...['--serve', `sh -c 'PGPORT={db.port} PORT={port} exec ${process.execPath} ${service}.mjs'`],
      ...['--faults', 'lose-reply', '--hurt', 'db', '--expect', 'linearizable', '--seed', `${seed}`],
      ...['--out', temporaryDirectory(), '--', process.execPath, 'load.mjs', service, '{app}'],
    ],
    { cwd, env: ENVIRONMENT },
  )
  return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' '), answered }
}

/** So that the replies which are lost at a time are mostly one to a COMMIT. */
const SLOW_COMMITS = `
  CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.05); RETURN NULL; END';
  CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON payments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow();`

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
