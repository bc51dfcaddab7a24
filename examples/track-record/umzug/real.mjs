// Three instances that migrate an empty database when they start. Usage: real.mjs [cured]
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { startPostgres } from '../postgres.mjs'
import { migrate } from './migrate.mjs'

const server = await startPostgres()
const pool = new pg.Pool({ connectionString: server.url })
let shown
for (let round = 0; round < 20 && shown === undefined; round++) {
  await pool.query('DROP TABLE IF EXISTS counted; DROP TABLE IF EXISTS "SequelizeMeta"')
  await pool.query(readFileSync(new URL('schema.sql', import.meta.url), 'utf8'))
  const instance = () => migrate(server.url, process.argv[2] === 'cured')
  const ends = await Promise.allSettled([instance(), instance(), instance()])
  const { rows } = await pool.query('SELECT migrations FROM counted')
  const failed = ends.filter(({ status }) => status === 'rejected').length
  if (rows[0].migrations !== 2 || failed > 0)
    shown = `two migrations were executed ${rows[0].migrations} times, and ${failed} of three instances failed`
}
await pool.end()
await server.stop()
console.log(shown === undefined ? 'not shown: each migration was executed once' : `shown: ${shown}`)
process.exitCode = shown === undefined ? 0 : 1
