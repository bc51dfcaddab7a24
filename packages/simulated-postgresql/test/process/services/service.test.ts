import { UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { injectedFor, ran as ranAlone, serving } from '../../../../testing/src/simulated.ts'
import { stopped } from '../../../../testing/src/stopped.ts'
import { KV, type Options, ran, schemaOf } from '../../services/asker.ts'

describe('the unmodified package pg', () => {
  test('the package pg connects by DATABASE_URL or by the variables of libpq', async () => {
    const { lines } = await ran(`
      told(process.env.DATABASE_URL, process.env.PG_URL, process.env.PGHOST, process.env.PGPORT)
      const client = new pg.Client(process.env.DATABASE_URL)
      await client.connect()
      told((await client.query('SELECT 1 AS one')).rows, (await pool.query('SELECT 2 AS two')).rows)
      await client.end()`)
    expect(lines).toEqual([
      'n1: ["postgres://postgres@pg:5432/postgres","postgres://postgres@pg:5432/postgres","pg","5432"]',
      'n1: [[{"one":1}],[{"two":2}]]',
    ])
  })

  test('the package pg reads, inserts and updates rows, and gets row counts', async () => {
    const { lines } = await ran(
      `
        told((await pool.query('SELECT * FROM kv WHERE k = $1', ['a'])).rows)
        told((await pool.query('INSERT INTO kv VALUES ($1, $2) RETURNING v', ['c', 3])).rows)
        told((await pool.query('UPDATE kv SET v = v + 1 WHERE v < $1', [3])).rowCount)
        told((await pool.query({ name: 'all', text: 'SELECT v FROM kv ORDER BY v', rowMode: 'array' })).rows)
        told((await pool.query('SELECT 1 AS a; SELECT 2 AS b')).map(({ rows }) => rows))`,
      { postgres: schemaOf(KV) },
    )
    expect(lines).toEqual([
      'n1: [[{"k":"a","v":1}]]',
      'n1: [[{"v":3}]]',
      'n1: [2]',
      'n1: [[[2],[3],[3]]]',
      'n1: [[[{"a":1}],[{"b":2}]]]',
    ])
  })

  test('the package pg gets the fields of an error, after which the transaction is aborted', async () => {
    const { lines } = await ran(
      `
        const client = await pool.connect()
        await client.query('BEGIN')
        const error = await client.query("INSERT INTO kv VALUES ('a', 1)").catch((thrown) => thrown)
        told(error.code, error.severity, error.table, error.constraint, error.detail)
        told(await codeOf(client.query('SELECT 1')), (await client.query('COMMIT')).command)`,
      { postgres: schemaOf(KV) },
    )
    expect(lines).toEqual([
      'n1: ["23505","ERROR","kv","kv_pkey","Key (k)=(a) already exists."]',
      'n1: ["25P02","ROLLBACK"]',
    ])
  })

  test('the package pg waits for a row lock in virtual time until the other transaction commits', async () => {
    const { lines } = await ran(
      `
        const [one, other] = [await pool.connect(), await pool.connect()]
        await one.query('BEGIN')
        await one.query("SELECT v FROM kv WHERE k = 'a' FOR UPDATE")
        const before = Date.now()
        setTimeout(() => one.query('COMMIT'), 300)
        await other.query("UPDATE kv SET v = v + 1 WHERE k = 'a'")
        const waitedMs = Date.now() - before
        told(waitedMs >= 300 && waitedMs < 340)`,
      { postgres: schemaOf(KV) },
    )
    expect(lines).toEqual(['n1: [true]'])
  })

  test('the package pg gets an error in one of two deadlocked transactions', async () => {
    const { lines } = await ran(
      `
        const [one, other] = [await pool.connect(), await pool.connect()]
        for (const client of [one, other]) await client.query('BEGIN')
        await one.query("UPDATE kv SET v = 0 WHERE k = 'a'")
        await other.query("UPDATE kv SET v = 0 WHERE k = 'b'")
        const both = [one.query("UPDATE kv SET v = 0 WHERE k = 'b'"), other.query("UPDATE kv SET v = 0 WHERE k = 'a'")]
        told(...(await Promise.all(both.map(codeOf))).sort())`,
      { postgres: schemaOf(KV), forMs: 3_000 },
    )
    expect(lines).toEqual(['n1: ["40P01","no error"]'])
  })

  test('the package pg receives the notifications of other sessions', async () => {
    const { lines } = await ran(`
      const client = await pool.connect()
      client.on('notification', ({ channel, payload }) => told(channel, payload))
      await client.query('LISTEN jobs')
      await pool.query("NOTIFY jobs, 'one'")`)
    expect(lines).toEqual(['n1: ["jobs","one"]'])
  })

  test('the package pg gets an error for TLS, and a timeout at a full pool', async () => {
    const { lines } = await ran(`
      told(await codeOf(new pg.Client({ ssl: true }).connect()))
      const small = new pg.Pool({ max: 1, connectionTimeoutMillis: 200 })
      await small.connect()
      told(await codeOf(small.connect()))`)
    expect(lines).toEqual([
      'n1: ["The server does not support SSL connections"]',
      'n1: ["timeout exceeded when trying to connect"]',
    ])
  })
})

describe('a kill of the simulated PostgreSQL', () => {
  test('a kill of the simulated PostgreSQL keeps committed data, aborts open transactions and resets their connections', async () => {
    const { lines } = await ran(
      `
        const client = await pool.connect()
        client.on('error', () => {})
        await pool.query("UPDATE kv SET v = 10 WHERE k = 'a'")
        await client.query('BEGIN')
        await client.query("UPDATE kv SET v = 20 WHERE k = 'b'")
        setTimeout(async () => told(await codeOf(client.query('COMMIT'))), 350)
        setTimeout(async () => told((await pool.query('SELECT v FROM kv ORDER BY k')).rows.map(({ v }) => v)), 900)`,
      { postgres: schemaOf(KV), meanwhile: stopped(200, 300, 'pg'), forMs: 2_000 },
    )
    expect(lines).toEqual([
      expect.stringMatching(/n1: \[".*(?:ECONNRESET|not queryable|terminated).*"\]/),
      'n1: [[10,2]]',
    ])
  })

  test('after a kill, the simulated PostgreSQL accepts no session until its recovery has ended', async () => {
    const { lines } = await ran(
      `
        const tried = async () => {
          told(await codeOf(pool.query('SELECT 1')))
          setTimeout(tried, 10)
        }
        setTimeout(tried, 450)`,
      { meanwhile: stopped(200, 300, 'pg'), forMs: 1_500 },
    )
    const codes = lines.map((line) => line.slice('n1: ["'.length, -2))
    expect([...new Set(codes)]).toEqual(['ECONNREFUSED', '57P03', 'no error'])
    expect(codes.at(-1)).toBe('no error')
  })

  test('the simulated PostgreSQL refuses new connections while it is down, and only delays them during a pause', async () => {
    const asks = `setTimeout(async () => { const at = Date.now(); told(await codeOf(pool.query('SELECT 1')), Date.now() - at > 300) }, 400)`
    const down = await ran(asks, { meanwhile: stopped(200, 600, 'pg'), forMs: 2_000 })
    expect(down.lines).toEqual(['n1: ["ECONNREFUSED",false]'])
    const pause = { kind: 'pause', nodes: ['pg'] } as never
    const paused = await ran(asks, { meanwhile: injectedFor(pause, 1_000), forMs: 3_000 })
    expect(paused.lines).toEqual(['n1: ["no error",true]'])
  })
})

describe('an unsupported statement or host', () => {
  test('an unsupported statement ends the run with a remedy, even if the program catches the error', async () => {
    const error = await ran(`await codeOf(pool.query('SELECT * FROM kv TABLESAMPLE SYSTEM (10)'))`, {
      postgres: schemaOf(KV),
    }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).code).toBe('input')
    expect((error as UserError).message).toMatch(
      /cannot be simulated: on pg, SELECT \* FROM kv TABLESAMPLE SYSTEM \(10\) cannot be simulated: it has .*chaos run/s,
    )
  })

  test('a schema file with an unsupported statement or a syntax error is refused', async () => {
    const refusedSchema = (sql: string) => ran('', { postgres: schemaOf(sql) })
    await expect(refusedSchema(`${KV}\nCREATE TABEL x ();`)).rejects.toThrow(/schema\.sql:3: syntax error/)
    await expect(refusedSchema('CREATE SERVER other FOREIGN DATA WRAPPER x')).rejects.toThrow(
      /schema\.sql cannot be simulated: CREATE SERVER/,
    )
    await expect(ran('', { postgres: { sql: '/nowhere.sql' } })).rejects.toThrow(/no such file of SQL.*--sql/)
  })

  test('a connection to a missing PostgreSQL is refused with advice on --beside', async () => {
    const dialling = serving(`import pg from 'pg'; new pg.Client({ host: 'postgres' }).connect().catch(() => {})`)
    await expect(ranAlone(dialling)).rejects.toThrow(/the host postgres cannot be simulated.*--beside pg=postgres/)
  })
})

test('a violated SQL assertion is reported with the rows of its tables', async () => {
  const postgres = { ...schemaOf(KV), assert: ['SELECT NOT EXISTS (SELECT 1 FROM kv WHERE v > 4)'] }
  expect((await ran('', { postgres })).broken).toBeUndefined()
  const { broken } = await ran(`await pool.query("UPDATE kv SET v = 5 WHERE k = 'b'")`, { postgres })
  expect(broken).toEqual({
    name: 'SELECT NOT EXISTS (SELECT 1 FROM kv WHERE v > 4)',
    node: 'pg',
    what: expect.stringMatching(/^it answered .*; "kv": k=a v=1, k=b v=5$/),
  })
})

test('a run with a PostgreSQL has the same trace for the same seed', async () => {
  const racing = `
    for (let i = 0; i < 10; i++) {
      const { rows: [{ v }] } = await pool.query("SELECT v FROM kv WHERE k = 'a'").catch(() => ({ rows: [{ v: -1 }] }))
      await pool.query("UPDATE kv SET v = $1 WHERE k = 'a'", [v + 1]).catch(() => {})
    }
    setTimeout(async () => told((await pool.query('SELECT v, now(), random() FROM kv ORDER BY k')).rows), 500)`
  const options: Options = { nodes: 3, meanwhile: stopped(20, 50, 'pg'), postgres: schemaOf(KV) }
  const [first, other] = [await ran(racing, { ...options, seed: 7 }), await ran(racing, { ...options, seed: 8 })]
  const again = await ran(racing, { ...options, seed: 7 })
  expect(again.trace).toEqual(first.trace)
  expect(other.trace).not.toEqual(first.trace)
})
