// Mails that workers send, with Knex and node:http. Two workers may select the same job.
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import knex from 'knex'

const db = knex({
  client: 'pg',
  connection: { host: process.env['PGHOST'], port: Number(process.env['PGPORT']), user: process.env['PGUSER'] },
  pool: { min: 0, max: 5 },
})

const send = (trx, { id, address }) => trx('mails').insert({ job_id: id, address })

const workOnOne = () =>
  db.transaction(async (trx) => {
    const job = await trx('jobs').where({ status: 'queued' }).orderBy('id').first()
    if (job === undefined) return false
    await send(trx, job)
    await trx('jobs').where({ id: job.id }).update({ status: 'done' })
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
    const [job] = await db('jobs').insert({ address }).returning('id')
    return job
  }
  const { count } = await db('mails').where({ address }).count().first()
  return { sent: Number(count) }
}

createServer((request, response) => {
  const [, , address = ''] = (request.url ?? '').split('/')
  answer(request.method, address).then(
    (body) => response.end(JSON.stringify(body)),
    (error) => response.writeHead(500).end(JSON.stringify({ error: error.message })),
  )
}).listen(Number(process.env['PORT'] ?? 3000))

work()
