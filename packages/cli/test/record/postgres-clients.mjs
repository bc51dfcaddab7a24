import pg from 'pg'

// Clients of a table kv (key, value), written like an application: each client reconnects when it loses its connection.
// node postgres-clients.mjs PORT locked|unlocked|audited [ROUNDS]

const [port, mode, rounds = '40'] = process.argv.slice(2)
const KEYS = ['x', 'y']
const CLIENTS = 4
const ROUNDS = Number(rounds)

async function connected(name) {
  for (;;) {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: Number(port),
      user: 'tester',
      database: 'postgres',
      application_name: name,
      query_timeout: 1500,
      connectionTimeoutMillis: 1500,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch {
      client.end().catch(() => {})
    }
  }
}

/** Appends a letter to the stored value. */
async function extend(client, key, letter) {
  await client.query('BEGIN')
  const lock = mode === 'unlocked' ? '' : ' FOR UPDATE'
  const { rows } = await client.query(`SELECT value FROM kv WHERE key = $1${lock}`, [key])
  if (mode === 'audited') await client.query('SELECT audit($1)', [letter])
  if (rows.length === 0) await client.query('ROLLBACK')
  else {
    await client.query('UPDATE kv SET value = $1 WHERE key = $2', [`${rows[0].value.slice(-20)}${letter}`, key])
    await client.query('COMMIT')
  }
}

async function work(name) {
  let client = await connected(name)
  for (let i = 0; i < ROUNDS; i++) {
    const key = KEYS[i % KEYS.length]
    const value = `${name}${i}`
    try {
      switch (i % 7) {
        case 0:
          await client.query(
            'INSERT INTO kv (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value',
            [key, value],
          )
          break
        case 1:
          await client.query({ name: 'get', text: 'SELECT key, value FROM kv WHERE key = $1', values: [key] })
          break
        case 2:
          await client.query(`UPDATE kv SET value = '${value}' WHERE key = '${key}'`)
          break
        case 3: {
          const { rows } = await client.query('SELECT * FROM kv WHERE key = $1', [key])
          const old = rows[0]?.value
          await client.query('UPDATE kv SET value = $1 WHERE key = $2 AND value = $3', [value, key, old ?? ''])
          break
        }
        case 4:
          if (i % 3 === 0) await client.query('DELETE FROM kv WHERE key = $1', [key])
          break
        default:
          await extend(client, key, name)
      }
    } catch (error) {
      if (error.code === undefined || error.severity === 'FATAL') {
        client.end().catch(() => {})
        client = await connected(name)
      } else await client.query('ROLLBACK').catch(() => {})
    }
  }
  for (const key of KEYS) await client.query('SELECT value FROM kv WHERE key = $1', [key]).catch(() => {})
  await client.end().catch(() => {})
}

await Promise.all(Array.from({ length: CLIENTS }, (_, n) => work('abcd'[n])))
