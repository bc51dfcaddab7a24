import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres } from '../../../proxy/test/real-servers.ts'
import { chaos, temporaryDirectory } from '../chaos.ts'
import { initdb, postgres, psql } from '../record/doctors-and-accounts.ts'

/**
 * Asks a service of a folder as it is, with a real PostgreSQL behind the recorder, which judges the transactions.
 *
 * @param cwd the folder, which has the service, `load.mjs` and the tables of the service, by the first word of its name
 */
export async function recordedService(cwd: string, service: string) {
  const [name = ''] = service.split('-')
  const { port } = await startPostgres(initdb!, postgres!)
  const database = ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'tester']
  execFileSync(psql!, [...database, '-qc', readFileSync(join(cwd, `${name}.sql`), 'utf8'), 'postgres'])
  const suggested = await chaos(['routes', 'suggest', `postgres://tester@127.0.0.1:${port}/postgres`], { cwd })
  const env = {
    ...{ PGHOST: '127.0.0.1', PGUSER: 'tester', PGDATABASE: 'postgres' },
    DATABASE_URL: 'postgres://tester@127.0.0.1/postgres',
  }
  const { exitCode, stdout, stderr } = await chaos(
    [
      ...['record', '--upstream', `127.0.0.1:${port}`, '--as', suggested.stdout.replace(/\s+/g, ' ')],
      ...['--faults', 'none', '--expect', 'serializable', '--seed', '1', '--out', temporaryDirectory(), '--'],
      ...['sh', '-c', `PGPORT={n1.port} exec ${process.execPath} load.mjs ${service}`],
    ],
    { cwd, env },
  )
  return { exitCode, told: (stdout + stderr).replace(/\s+/g, ' ') }
}
