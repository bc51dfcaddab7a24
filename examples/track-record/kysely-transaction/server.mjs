// Sales. A transaction changes the count of an item and the list of sales; a nested part of the transaction is rolled
// back.
import { createServer } from 'node:http'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
pool.on('error', () => {})
pool.on('connect', (client) => client.on('error', () => {}))
const db = new Kysely({ dialect: new PostgresDialect({ pool }) })

const sell = (item) =>
  db.transaction().execute(async (sale) => {
    await sale
      .updateTable('items')
      .set(({ eb }) => ({ sold: eb('sold', '+', 1) }))
      .where('name', '=', item)
      .execute()
    await sale.insertInto('sales').values({ item }).execute()
  })
const sold = async (item) =>
  (await db.selectFrom('items').select('sold').where('name', '=', item).executeTakeFirstOrThrow()).sold

createServer(async ({ method, url }, response) => {
  const item = url.split('/')[2]
  try {
    if (method === 'POST') await sell(item)
    response.end(JSON.stringify(method === 'POST' ? {} : { sold: await sold(item) }))
  } catch (error) {
    response.writeHead(500).end(error.message)
  }
}).listen(Number(process.env.PORT))
