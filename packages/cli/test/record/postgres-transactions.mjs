import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

// A test application: two clients run transactions in PostgreSQL. Usage:
//
// node postgres-transactions.mjs PORT on-call LEVEL SEED
// node postgres-transactions.mjs PORT balance unlocked|locked|added|apart SEED

const [port, what, mode, seed = '1'] = process.argv.slice(2)
const ROUNDS = 20

let state = Number(seed) + 1
/** Waits at most 3 ms, so that the interleaving of the clients depends on the seed. */
const pause = () => {
  state = (state * 48271) % 2147483647
  return delay(state % 4)
}

async function connected(name) {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: Number(port),
    user: 'tester',
    database: 'postgres',
    application_name: name,
  })
  await client.connect()
  return client
}

/** Runs the work in a transaction. If the database rejects the transaction, it is rolled back. */
async function within(client, level, work) {
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${level}`)
    await work()
    await client.query('COMMIT')
  } catch (error) {
    if (error.code !== '40001') throw error
    await client.query('ROLLBACK')
  }
}

/** Takes a doctor off duty if the other doctor is on duty. */
const leave = (client, [own, other]) =>
  within(client, mode, async () => {
    const { rows } = await client.query('SELECT id, on_call FROM doctors WHERE id = ANY ($1)', [[own, other]])
    await pause()
    if (rows.every((row) => row.on_call))
      await client.query('UPDATE doctors SET on_call = $1 WHERE id = $2', [false, own])
  })

let requests = 0

/**
 * Makes a payment with two separate statements. A comment in each statement contains the id of the payment's request.
 */
async function payApart(client, amount) {
  const comment = `/*request_id='${++requests}'*/`
  const { rows } = await client.query(`SELECT balance FROM accounts WHERE id = $1 ${comment}`, [1])
  // Delays the UPDATE of one client. Otherwise, the order of the two clients' updates would be uncertain.
  await delay(client === other ? 6 : 0)
  await client.query(`UPDATE accounts SET balance = $1 WHERE id = $2 ${comment}`, [rows[0].balance + amount, 1])
}

async function pay(client, amount) {
  if (mode === 'apart') return payApart(client, amount)
  if (mode === 'added') return client.query('UPDATE accounts SET balance = balance + $1 WHERE id = $2', [amount, 1])
  const lock = mode === 'locked' ? ' FOR UPDATE' : ''
  await within(client, 'READ COMMITTED', async () => {
    const { rows } = await client.query(`SELECT balance FROM accounts WHERE id = $1${lock}`, [1])
    await pause()
    await client.query('UPDATE accounts SET balance = $1 WHERE id = $2', [rows[0].balance + amount, 1])
  })
}

const [one, other] = await Promise.all([connected('one'), connected('other')])
if (what === 'on-call') {
  await one.query('TRUNCATE doctors')
  await one.query('INSERT INTO doctors SELECT n, true FROM generate_series(1, 100) n')
}
for (let round = 0; round < ROUNDS; round++) {
  const [a, b] = [2 * round + 1, 2 * round + 2]
  if (what === 'on-call') await Promise.all([leave(one, [a, b]), leave(other, [b, a])])
  else await Promise.all([pay(one, 1), pay(other, 100)])
}
await one.query('SELECT balance FROM accounts WHERE id = $1', [1])
await Promise.all([one.end(), other.end()])
