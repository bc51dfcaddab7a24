// Payments, with Knex and fastify. A payment has a key, so that a second attempt finds what the first one committed.
import { randomUUID } from 'node:crypto'
import fastify from 'fastify'
import knex from 'knex'

const db = knex({
  client: 'pg',
  connection: process.env['DATABASE_URL'],
  pool: { min: 0, max: 5 },
  acquireConnectionTimeout: 1000,
})

async function retried(work) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      console.error('attempt', attempt, error.message)
      if (attempt === 3) throw error
    }
  }
}

const pay = (key, account, amount) =>
  db.transaction(async (trx) => {
    const inserted = await trx('payments')
      .insert({ idempotency_key: key, account, amount })
      .onConflict('idempotency_key')
      .ignore()
      .returning('id')
    if (inserted.length > 0) await trx('accounts').where({ name: account }).increment('balance', amount)
    return trx('accounts').where({ name: account }).first()
  })

const app = fastify()

app.get('/accounts/:name', (request) => db('accounts').where({ name: request.params.name }).first())

app.post('/accounts/:name/payments', async (request, reply) => {
  const key = request.headers['idempotency-key'] ?? randomUUID()
  const account = await retried(() => pay(key, request.params.name, request.body.amount))
  return reply.code(201).send(account)
})

await app.listen({ port: Number(process.env['PORT'] ?? 3000), host: process.env['HOST'] ?? '127.0.0.1' })
