// Mails that workers send, with postgres.js and node:http. A job that another worker has locked is skipped.
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'

const sql = postgres({ max: 5 })

const workOnOne = () =>
  sql.begin(async (sql) => {
    const [job] = await sql`
      SELECT id, address FROM jobs WHERE status = 'queued' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`
    if (job === undefined) return false
    await sql`INSERT INTO mails ${sql({ job_id: job.id, address: job.address })}`
    await sql`UPDATE jobs SET status = 'done' WHERE id = ${job.id}`
    return true
  })

async function work() {
  while (true) {
    const found = await workOnOne().catch((error) => console.error('worker', error.message))
    if (!found) await delay(50)
  }
}

async function answer(method, address) {
  if (method === 'POST') {
    const [job] = await sql`INSERT INTO jobs ${sql({ address })} RETURNING id`
    return job
  }
  const [{ sent }] = await sql`SELECT count(*)::int AS sent FROM mails WHERE address = ${address}`
  return { sent }
}

createServer((request, response) => {
  const [, , address = ''] = (request.url ?? '').split('/')
  answer(request.method, address).then(
    (body) => response.end(JSON.stringify(body)),
    (error) => response.writeHead(500).end(JSON.stringify({ error: error.message })),
  )
}).listen(Number(process.env['PORT'] ?? 3000))

work()
