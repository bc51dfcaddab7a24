import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'

const items = pgTable('items', { name: text().primaryKey(), sold: integer().notNull() })
const sales = pgTable('sales', { item: text().notNull(), note: text() })

/** Sales. A transaction changes the count of an item and the list of sales; a nested part of it is rolled back. */
export function open(url, isCured) {
  const pool = new pg.Pool({ connectionString: url })
  // As https://node-postgres.com/apis/pool#error says.
  pool.on('error', () => {})
  // The cure: a client that is checked out has an error listener, too.
  if (isCured) pool.on('connect', (client) => client.on('error', () => {}))
  const db = drizzle({ client: pool })
  const note = () => Promise.reject(new Error('nothing to note'))

  const sell = (item) =>
    db.transaction(async (sale) => {
      await sale
        .update(items)
        .set({ sold: sql`${items.sold} + 1` })
        .where(eq(items.name, item))
      await sale
        .transaction(async (noted) => {
          await noted.insert(sales).values({ item, note: 'rolled back' })
          await note()
        })
        .catch((error) => {
          if (error.message !== 'nothing to note') throw error
        })
      await sale.insert(sales).values({ item })
    })
  const sold = async (item) => (await db.select().from(items).where(eq(items.name, item)))[0].sold
  const terminateOthers = () =>
    pool.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = $1 AND pid <> pg_backend_pid()',
      ['client backend'],
    )
  return { sell, sold, terminateOthers, query: (text) => pool.query(text) }
}
