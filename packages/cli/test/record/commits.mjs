import { setTimeout as delay } from 'node:timers/promises'

// Eight clients increment four rows. Two clients increment the same row. A client reconnects if its connection breaks
// or gets no reply. Usage:
//
// node commits.mjs pg|mysql2 PORT locked|unlocked
//
// With `once`, the proxy whose control API is at CONTROL loses the reply to one COMMIT. Another client then increments
// the rows. Usage:
//
// node commits.mjs pg|mysql2 PORT once CONTROL

const [driver, port, mode, control] = process.argv.slice(2)
const end = Date.now() + 6_000
const lock = mode === 'locked' ? ' FOR UPDATE' : ''
const MOST_MS = 400

/** Connects with each driver. `ask` resolves to the rows. */
const drivers = {
  async pg(name) {
    const { default: pg } = await import('pg')
    const client = new pg.Client({
      ...{ host: '127.0.0.1', port: Number(port), user: 'tester', database: 'postgres', application_name: name },
      ...{ connectionTimeoutMillis: 1_000, query_timeout: MOST_MS },
    })
    client.on('error', () => {})
    await client.connect()
    const ask = async (sql, values) => (await client.query(sql.replace('?', '$1').replace('?', '$2'), values)).rows
    return { ask, end: () => client.end() }
  },
  async mysql2(name) {
    const { default: mysql } = await import('mysql2/promise')
    const client = await mysql.createConnection({
      ...{ host: '127.0.0.1', port: Number(port), user: 'tester', database: 'test', connectTimeout: 1_000 },
      connectAttributes: { program_name: name },
    })
    client.connection.on('error', () => {})
    const ask = async (sql, values) => (await client.query({ sql, values, timeout: MOST_MS }))[0]
    return { ask, end: async () => client.destroy() }
  },
}

/** Increments one row, without the COMMIT. */
async function counting(client, id) {
  await client.ask('BEGIN')
  const [row] = await client.ask(`SELECT id, balance FROM accounts WHERE id = ?${lock}`, [id])
  await client.ask('UPDATE accounts SET balance = ? WHERE id = ?', [row.balance + 1, id])
}

async function count(number) {
  let client
  const id = 1 + (number % 4)
  while (Date.now() < end)
    try {
      client ??= await drivers[driver](`client ${number}`)
      await counting(client, id)
      await client.ask('COMMIT')
      await delay(2)
    } catch {
      client?.end().catch(() => {})
      client = undefined
      await delay(50)
    }
  await client?.end().catch(() => {})
}

async function told(method, path, body) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${control}/v1/${path}`, { method, headers, body: body && JSON.stringify(body) })
  if (!response.ok) throw new Error(await response.text())
}

async function once() {
  const first = await drivers[driver]('first')
  await counting(first, 1)
  await told('POST', 'faults', { kind: 'blackhole', links: ['n1>clients'], name: 'lost' })
  await first.ask('COMMIT').then(
    () => process.exit(1),
    () => {},
  )
  await told('DELETE', 'faults/lost')
  await first.end().catch(() => {})
  await told('POST', 'faults', { kind: 'latency', latencyMs: 20, links: ['n1>clients'] })
  const second = await drivers[driver]('second')
  await counting(second, 1)
  await second.ask('COMMIT')
  await second.end()
}

await (mode === 'once' ? once() : Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(count)))
