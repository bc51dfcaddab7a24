// Wallets, with Drizzle and fastify. A deposit adds to the balance in one UPDATE.
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { bigserial, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import fastify from 'fastify'
import pg from 'pg'

const wallets = pgTable('wallets', { name: text().primaryKey(), balance: integer().notNull().default(0) })
const deposits = pgTable('deposits', {
  id: bigserial({ mode: 'number' }).primaryKey(),
  wallet: text().notNull(),
  amount: integer().notNull(),
  madeAt: timestamp('made_at', { withTimezone: true }).notNull().defaultNow(),
})

const pool = new pg.Pool({ max: 5 })
pool.on('error', (error) => console.error('idle client', error.message))
pool.on('connect', (client) => client.on('error', (error) => console.error('client', error.message)))
const db = drizzle(pool, { schema: { wallets, deposits } })

const app = fastify()

app.get('/wallets/:name', async (request, reply) => {
  const wallet = await db.query.wallets.findFirst({ where: eq(wallets.name, request.params.name) })
  return wallet ?? reply.code(404).send({ error: 'no such wallet' })
})

app.post('/wallets/:name/deposits', async (request, reply) => {
  const { name } = request.params
  const { amount } = request.body
  const [wallet] = await db.transaction(async (tx) => {
    await tx.insert(deposits).values({ wallet: name, amount })
    return tx
      .update(wallets)
      .set({ balance: sql`${wallets.balance} + ${amount}` })
      .where(eq(wallets.name, name))
      .returning()
  })
  return reply.code(201).send(wallet)
})

await app.listen({ port: Number(process.env['PORT'] ?? 3000), host: process.env['HOST'] ?? '127.0.0.1' })
