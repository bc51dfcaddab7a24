// A service with accounts, built on pg and node:http. Environment variables select how it moves money, and at which
// isolation level.
import { createServer } from 'node:http'
import pg from 'pg'

const { PORT = '3000', MOVES = '', ISOLATION = 'READ COMMITTED', PG_STANDBY_URL } = process.env

function connect(settings) {
  const pool = new pg.Pool({ max: 5, ...settings })
  pool.on('error', (error) => console.error('idle client', error.message))
  pool.on('connect', (client) => client.on('error', (error) => console.error('client', error.message)))
  return pool
}

const pool = connect()
const standby = PG_STANDBY_URL === undefined ? pool : connect({ connectionString: PG_STANDBY_URL })
const RETRIED = new Set(['40001', '40P01'])

async function transaction(work, isolation = ISOLATION) {
  for (let attempt = 1; ; attempt += 1) {
    const client = await pool.connect()
    let broken
    try {
      await client.query(`BEGIN ISOLATION LEVEL ${isolation}`)
      const result = await work(client)
      await client.query('COMMIT')
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch((failure) => {
        broken = failure
      })
      if (attempt === 5 || !RETRIED.has(error.code)) throw error
    } finally {
      client.release(broken)
    }
  }
}

const balanceOf = async (client, name, more = '') =>
  (await client.query(`SELECT balance FROM accounts WHERE name = $1 ${more}`, [name])).rows[0].balance
const set = (client, name, balance) => client.query('UPDATE accounts SET balance = $2 WHERE name = $1', [name, balance])
const add = (client, name, amount) =>
  client.query('UPDATE accounts SET balance = balance + $2 WHERE name = $1', [name, amount])
const enter = (client, name, amount) =>
  client.query('INSERT INTO entries (account, amount) VALUES ($1, $2) RETURNING id', [name, amount])
const sumOf = async (client, name) =>
  (await client.query('SELECT coalesce(sum(amount), 0)::int AS sum FROM entries WHERE account = $1', [name])).rows[0]
    .sum

async function fetched(client, name, more) {
  await client.query(`DECLARE c CURSOR FOR SELECT balance FROM accounts WHERE name = '${name}' ${more}`)
  const { rows } = await client.query('FETCH NEXT FROM c')
  await client.query('CLOSE c')
  return rows[0].balance
}

async function spend(client, name, amount, lock) {
  if (lock) await balanceOf(client, name, 'FOR UPDATE')
  if ((await sumOf(client, name)) + 20 < amount) return false
  await enter(client, name, -amount)
  return true
}

async function withdraw(client, name, amount) {
  const total = (await balanceOf(client, name)) + (await balanceOf(client, `${name}-savings`))
  await add(client, name, total < amount ? -amount - 1 : -amount)
}

async function once(client, name, amount) {
  const { rows } = await client.query('SELECT id FROM entries WHERE account = $1 AND amount = $2', [name, amount])
  if (rows.length === 0) await enter(client, name, amount)
}

const MOVED = {
  'lost update': (name, amount) =>
    transaction(async (client) => set(client, name, (await balanceOf(client, name)) + amount)),
  'locked update': (name, amount) =>
    transaction(async (client) => set(client, name, (await balanceOf(client, name, 'FOR UPDATE')) + amount)),
  'read and write': async (name, amount) => set(pool, name, (await balanceOf(pool, name)) + amount),
  'one step': (name, amount) => add(pool, name, amount),
  cursor: (name, amount) =>
    transaction(async (client) => set(client, name, (await fetched(client, name, '')) + amount)),
  'locked cursor': (name, amount) =>
    transaction(async (client) => set(client, name, (await fetched(client, name, 'FOR UPDATE')) + amount)),
  'double spend': (name, amount) => transaction((client) => spend(client, name, amount, false)),
  'locked spend': (name, amount) => transaction((client) => spend(client, name, amount, true)),
  'look then insert': (name, amount) => transaction((client) => once(client, name, amount)),
  unique: (name, amount) =>
    pool.query('INSERT INTO unique_entries (account, amount) VALUES ($1, $2) ON CONFLICT DO NOTHING', [name, amount]),
  'read-only': (name, amount) =>
    transaction((client) =>
      Math.random() < 0.5 ? add(client, `${name}-savings`, amount) : withdraw(client, name, amount),
    ),
  'two halves': (name, amount) =>
    transaction(async (client) => {
      await add(client, name, amount)
      await add(client, `${name}-savings`, -amount)
    }),
  'two writes': async (name, amount) => {
    await enter(pool, name, amount)
    await pool.query('INSERT INTO outbox (account, amount) VALUES ($1, $2)', [name, amount])
  },
  outbox: (name, amount) =>
    transaction(async (client) => {
      await enter(client, name, amount)
      await client.query('INSERT INTO outbox (account, amount) VALUES ($1, $2)', [name, amount])
    }),
  standby: (name, amount) => add(pool, name, amount),
}

const READ = {
  'double spend': (name) => sumOf(pool, name),
  'locked spend': (name) => sumOf(pool, name),
  'read-only': (name) =>
    transaction(async (client) => (await balanceOf(client, name)) + (await balanceOf(client, `${name}-savings`))),
  'two halves': (name) =>
    transaction(async (client) => (await balanceOf(client, name)) + (await balanceOf(client, `${name}-savings`))),
  standby: (name) => balanceOf(standby, name),
}

async function answer(request) {
  const [, , name] = request.url.split('/')
  if (request.method === 'GET')
    return [200, { balance: await (READ[MOVES] ?? ((each) => balanceOf(pool, each)))(name) }]
  let body = ''
  for await (const chunk of request) body += chunk
  const done = await MOVED[MOVES](name, JSON.parse(body).amount)
  return done === false ? [409, {}] : [201, {}]
}

createServer(async (request, response) => {
  const [status, body] = await answer(request).catch((error) => [500, { error: error.message }])
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}).listen(Number(PORT))
