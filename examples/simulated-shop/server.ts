// Sales of a shop. POST /items/ITEM/sales sells one; GET /items/ITEM tells how many were sold.
import { createServer } from 'node:http'
import pg, { type PoolClient } from 'pg'

// pg reads the address of PostgreSQL from PGHOST and PGPORT.
const pool = new pg.Pool({ max: 4 })
// Without these listeners, a connection that breaks while it runs no query would end the program.
pool.on('error', () => {})
pool.on('connect', (client) => client.on('error', () => {}))

async function sold(item: string): Promise<number> {
  const { rows } = await pool.query('SELECT sold FROM items WHERE name = $1', [item])
  return rows[0]?.sold ?? 0
}

async function readThenWrite(client: PoolClient | typeof pool, item: string, lock = ''): Promise<void> {
  const { rows } = await client.query(`SELECT sold FROM items WHERE name = $1${lock}`, [item])
  await client.query('UPDATE items SET sold = $2 WHERE name = $1', [item, rows[0].sold + 1])
}

async function transaction(begin: string, work: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect()
  let error: Error | undefined
  try {
    await client.query(begin)
    await work(client)
    await client.query('COMMIT')
  } catch (thrown) {
    error = thrown as Error
    throw error
  } finally {
    // A client with an error is closed, so that its transaction ends.
    client.release(error)
  }
}

const ways: { readonly [way: string]: (item: string) => Promise<unknown> } = {
  // READ COMMITTED: two sales may read the same number, and the later UPDATE overwrites the earlier one.
  hasty: (item) => transaction('BEGIN', (client) => readThenWrite(client, item)),
  // Like `hasty`, but without a transaction.
  apart: (item) => readThenWrite(pool, item),
  careful: (item) => transaction('BEGIN', (client) => readThenWrite(client, item, ' FOR UPDATE')),
  single: (item) => pool.query('UPDATE items SET sold = sold + 1 WHERE name = $1', [item]),
  async serializable(item) {
    for (;;)
      try {
        return await transaction('BEGIN ISOLATION LEVEL SERIALIZABLE', (client) => readThenWrite(client, item))
      } catch (error) {
        // Another sale came between.
        if ((error as { code?: string }).code !== '40001') throw error
      }
  },
}
const sell = ways[process.env['SHOP'] ?? 'hasty']

createServer((request, response) => {
  const [, , item = ''] = (request.url ?? '').split('/')
  const answered = request.method === 'POST' ? sell?.(item) : sold(item)
  Promise.resolve(answered).then(
    (count) => response.end(JSON.stringify({ sold: request.method === 'POST' ? null : count })),
    (error) => response.writeHead(500).end(JSON.stringify({ error: error.message })),
  )
}).listen(Number(process.env['PORT']))
