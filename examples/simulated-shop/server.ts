// Sales of a shop. POST /items/ITEM/sales sells one; GET /items/ITEM tells how many were sold.
import { createServer } from 'node:http'
import pg from 'pg'

const careful = process.env['SHOP'] === 'careful'
// Its address is in PGHOST and PGPORT.
const pool = new pg.Pool({ max: 4 })
// A connection that breaks while nothing is asked on it would end the program otherwise.
pool.on('error', () => {})
pool.on('connect', (client) => client.on('error', () => {}))

async function sold(item: string): Promise<number> {
  const { rows } = await pool.query('SELECT sold FROM items WHERE name = $1', [item])
  return rows[0]?.sold ?? 0
}

async function sell(item: string): Promise<void> {
  const client = await pool.connect()
  let error: Error | undefined
  try {
    await client.query('BEGIN')
    // READ COMMITTED: two sales may read the same number, and the later UPDATE overwrites the earlier one.
    const { rows } = await client.query(`SELECT sold FROM items WHERE name = $1${careful ? ' FOR UPDATE' : ''}`, [item])
    await client.query('UPDATE items SET sold = $2 WHERE name = $1', [item, rows[0].sold + 1])
    await client.query('COMMIT')
  } catch (thrown) {
    error = thrown as Error
    throw error
  } finally {
    // A client with an error is closed, so that its transaction ends.
    client.release(error)
  }
}

createServer((request, response) => {
  const [, , item = ''] = (request.url ?? '').split('/')
  const answered = request.method === 'POST' ? sell(item) : sold(item)
  answered.then(
    (count) => response.end(JSON.stringify({ sold: count ?? null })),
    (error) => response.writeHead(500).end(JSON.stringify({ error: error.message })),
  )
}).listen(Number(process.env['PORT']))
