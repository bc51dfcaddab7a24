// Workers that take jobs from a table, each job in one statement: node postgres-queue.mjs PORT FORM POLICY
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'

const [port, form, policy = ''] = process.argv.slice(2)
const JOBS = 60
const WORKERS = 4

const next = `SELECT id FROM jobs WHERE status = 'queued' ORDER BY id LIMIT 1 ${policy}`
const statement = {
  subquery: `UPDATE jobs SET status = $1 WHERE id = (${next}) RETURNING id`,
  list: `UPDATE jobs SET status = $1 WHERE id IN (${next}) RETURNING id`,
  with: `WITH next AS MATERIALIZED (${next}) UPDATE jobs SET status = $1 FROM next WHERE jobs.id = next.id RETURNING jobs.id`,
  from: `UPDATE jobs j SET status = $1 FROM (${next}) AS next WHERE j.id = next.id RETURNING j.id`,
}[form]

const connected = (name) =>
  postgres({
    host: '127.0.0.1',
    port,
    user: 'tester',
    database: 'postgres',
    max: 1,
    connection: { application_name: name },
  })

/** Takes a job. Holds its row's lock for a while, so that other workers meet locked rows. */
const taking = (sql, name) =>
  sql.begin(async (sql) => {
    const rows = await sql.unsafe(statement, [name])
    await delay(2)
    return rows.length
  })

async function work(sql, name) {
  for (let taken = 0; (await taking(sql, `${name}-${taken}`)) > 0; ) taken += 1
  await sql.end()
}

const one = connected('one')
for (let job = 1; job <= JOBS; job++) await one`INSERT INTO jobs (id, status) VALUES (${job}, 'queued')`
const workers = Array.from({ length: WORKERS }, (_, at) => [connected(`worker-${at}`), `worker-${at}`])
for (const [sql] of workers) await sql`SELECT 1`
await Promise.all(workers.map(([sql, name]) => work(sql, name)))
await one`SELECT id, status FROM jobs WHERE id = ANY (${Array.from({ length: JOBS }, (_, at) => at + 1)})`
await one.end()
