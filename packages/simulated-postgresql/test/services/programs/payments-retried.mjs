// Payments, with Drizzle and express. A transaction whose connection breaks is tried again, even if it had committed.
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { bigserial, integer, pgTable, text } from 'drizzle-orm/pg-core'
import express from 'express'
import pg from 'pg'

const accounts = pgTable('accounts', { name: text().primaryKey(), balance: integer().notNull().default(0) })
const payments = pgTable('payments', {
  id: bigserial({ mode: 'number' }).primaryKey(),
  account: text().notNull(),
  amount: integer().notNull(),
})

const pool = new pg.Pool({ max: 5, connectionTimeoutMillis: 1000 })
pool.on('error', (error) => console.error('idle client', error.message))
pool.on('connect', (client) => client.on('error', () => {}))
const db = drizzle(pool)

async function retried(work) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      console.error('attempt', attempt, error.cause?.message ?? error.message)
      if (attempt === 3) throw error
    }
  }
}

const app = express()
app.use(express.json())

app.get('/accounts/:name', async (request, response) => {
  const [account] = await db.select().from(accounts).where(eq(accounts.name, request.params.name))
  response.json(account)
})

app.post('/accounts/:name/payments', async (request, response) => {
  const { name } = request.params
  const { amount } = request.body
  const [account] = await retried(() =>
    db.transaction(async (tx) => {
      await tx.insert(payments).values({ account: name, amount })
      return tx
        .update(accounts)
        .set({ balance: sql`${accounts.balance} + ${amount}` })
        .where(eq(accounts.name, name))
        .returning()
    }),
  )
  response.status(201).json(account)
})

app.listen(Number(process.env['PORT'] ?? 3000))
