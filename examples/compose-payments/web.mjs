// Takes payments: GET and POST /payments/CUSTOMER. Customers are cached in Redis, payments are rows of PostgreSQL.
// Usage: web.mjs blind|keyed
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'

const [mode = 'blind'] = process.argv.slice(2)
const pool = new pg.Pool({
  host: 'db',
  user: 'postgres',
  database: 'postgres',
  connectionTimeoutMillis: 1000,
  query_timeout: 1000,
})
pool.on('error', () => {})
const cache = new Redis({ host: 'cache', commandTimeout: 100, maxRetriesPerRequest: 0 })
cache.on('error', () => {})

/** Sends the query again if no answer comes within 150 ms, and returns the answer that comes first. */
async function ask(text, values) {
  const first = pool.query(text, values)
  const answer = await Promise.race([first.catch(() => null), after(150, null)])
  return (answer ?? (await Promise.any([first, pool.query(text, values)]))).rows
}

async function know(customer) {
  // A slow or unreachable cache counts as a miss.
  if ((await cache.get(customer).catch(() => null)) !== null) return
  await ask('INSERT INTO customer VALUES ($1) ON CONFLICT DO NOTHING', [customer])
  cache.set(customer, 'known').catch(() => {})
}

async function pay(customer) {
  await know(customer)
  // With `keyed`, both attempts insert the same key, and the later one changes nothing.
  const key = mode === 'keyed' ? randomUUID() : null
  await ask('INSERT INTO payment (customer, key) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING', [customer, key])
}

async function payments(customer) {
  const [row] = await ask('SELECT count(*)::int AS payments FROM payment WHERE customer = $1', [customer])
  return row
}

// Under the lock, one process creates the tables; the other processes then find them.
await ask(`SELECT pg_advisory_lock(1);
  CREATE TABLE IF NOT EXISTS customer (name text PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS payment (customer text NOT NULL, key uuid UNIQUE);
  CREATE INDEX IF NOT EXISTS of_customer ON payment (customer);
  SELECT pg_advisory_unlock(1)`)

createServer(async ({ method, url = '' }, response) => {
  try {
    const customer = url.split('/')[2] ?? ''
    if (method === 'POST') await pay(customer)
    response.end(JSON.stringify(method === 'POST' || url === '/health' ? {} : await payments(customer)))
  } catch (error) {
    response.writeHead(503).end(error.message)
  }
}).listen(8080)
process.on('SIGTERM', () => process.exit())
