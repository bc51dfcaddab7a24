import { setTimeout as delay } from 'node:timers/promises'
import mysql from 'mysql2/promise'

// An application with transactions: two clients and a MariaDB.
// node mysql-transactions.mjs PORT on-call|balance|both LEVEL MODE SEED; MODE: unlocked, locked, added, prepared,
// manual

const [port, what, level, mode, seed = '1'] = process.argv.slice(2)
const ROUNDS = 20

let state = Number(seed) + 1
/** Waits at most 3 ms, so that the interleaving of the clients depends on the seed. */
const pause = () => {
  state = (state * 48271) % 2147483647
  return delay(state % 4)
}

async function connected(name) {
  const client = await mysql.createConnection({
    ...{ host: '127.0.0.1', port: Number(port), user: 'tester', database: 'test' },
    connectAttributes: { program_name: name },
  })
  await client.query(`SET SESSION TRANSACTION ISOLATION LEVEL ${level}`)
  if (mode === 'manual') await client.query('SET autocommit=0')
  return client
}

const ask = (client, sql, values) => (mode === 'prepared' ? client.execute(sql, values) : client.query(sql, values))

/** Runs the work in a transaction. If the database rejects the transaction, it is rolled back. */
async function within(client, work) {
  try {
    if (mode !== 'manual') await client.query('START TRANSACTION')
    await work()
    await client.query('COMMIT')
  } catch (error) {
    if (error.errno !== 1213) throw error
    await client.query('ROLLBACK')
  }
}

/** Takes a doctor off duty if the other doctor is on duty. */
const leave = (client, [own, other]) =>
  within(client, async () => {
    const lock = mode === 'locked' ? ' FOR UPDATE' : ''
    const [rows] = await ask(client, `SELECT \`id\`, on_call FROM doctors WHERE id IN (?, ?)${lock}`, [own, other])
    await pause()
    if (rows.every((row) => row.on_call)) await ask(client, 'UPDATE doctors SET on_call = ? WHERE id = ?', [0, own])
  })

async function pay(client, amount) {
  if (mode === 'added') return ask(client, 'UPDATE accounts SET balance = balance + ? WHERE id = ?', [amount, 1])
  const lock = mode === 'locked' ? ' FOR UPDATE' : ''
  await within(client, async () => {
    const [rows] = await ask(client, `SELECT balance FROM accounts WHERE id = ?${lock}`, [1])
    await pause()
    await ask(client, 'UPDATE accounts SET balance = ? WHERE id = ?', [rows[0].balance + amount, 1])
  })
}

/** Reads two accounts in one transaction. Between the reads, `writer` changes both accounts. */
const read = (client, writer, round) =>
  within(client, async () => {
    await ask(client, 'SELECT balance FROM accounts WHERE id = ?', [1])
    await within(writer, async () => {
      for (const id of [1, 2]) await ask(writer, 'UPDATE accounts SET balance = ? WHERE id = ?', [round, id])
    })
    await ask(client, `SELECT balance FROM accounts WHERE id = ?${mode === 'locked' ? ' FOR UPDATE' : ''}`, [2])
  })

const [one, other] = await Promise.all([connected('one'), connected('other')])
for (let round = 0; round < ROUNDS; round++) {
  const [a, b] = [2 * round + 1, 2 * round + 2]
  if (what === 'both') await read(one, other, round)
  else if (what === 'on-call') await Promise.all([leave(one, [a, b]), leave(other, [b, a])])
  else await Promise.all([pay(one, 1), pay(other, 100)])
}
await one.query('SELECT balance FROM accounts WHERE id = 1')
if (mode === 'manual') await one.query('COMMIT')
await Promise.all([one.end(), other.end()])
