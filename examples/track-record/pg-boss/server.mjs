// POST /counters/NAME sends a job; any node runs it, and notes that it did.
import { createServer } from 'node:http'
import pg from 'pg'
import PgBoss from 'pg-boss'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
pool.on('error', () => {})
const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, supervise: false, schedule: false })
boss.on('error', () => {})
const started = async () => {
  await boss.start()
  await boss.createQueue('counted')
  return true
}
while (!(await started().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 50))
await boss.work('counted', { pollingIntervalSeconds: 0.5 }, async ([job]) => {
  await pool.query('INSERT INTO runs (job) VALUES ($1)', [job.id])
})

createServer(async ({ method, url }, response) => {
  try {
    if (method === 'POST') await boss.send('counted', { name: url.split('/')[2] })
    response.end('{"n":0}')
  } catch (error) {
    response.writeHead(500).end(error.message)
  }
}).listen(Number(process.env.PORT))
