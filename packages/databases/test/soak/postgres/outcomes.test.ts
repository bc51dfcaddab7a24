import { connect, createServer } from 'node:net'
import { type Completion, type Input, type Json, millis } from '@chaosproxy/history'
import { expect, onTestFinished, test } from 'vitest'
import { planPostgres } from '../../../../targets/src/client-kinds/postgres/clients.ts'
import { type Connection, openConnection } from '../../../../targets/src/client-kinds/postgres/connection.ts'
import type { PostgresDeclaration } from '../../../../targets/src/client-kinds/postgres/declaration.ts'
import { judgeEnd } from '../../../../targets/src/client-kinds/postgres/outcomes.ts'
import { eventually } from '../../../../testing/src/real-cluster.ts'
import { installed, startPostgres, whySkipped } from '../../../../testing/src/servers.ts'

// Tests the outcomes that clients report for failed operations on a real PostgreSQL server. A reported outcome must
// agree with how often the operation took effect.

const initdb = installed('initdb')
const postgres = installed('postgres')
const liveTest = test.skipIf(initdb === undefined || postgres === undefined)

/**
 * A proxy of the server that loses the answer to a matching request: it passes the request on, and then cuts both
 * connections.
 */
async function cuttable(port: number) {
  let pattern: RegExp | undefined
  const server = createServer((client) => {
    let armed = false
    const upstream = connect(port, '127.0.0.1')
    const cut = () => {
      upstream.destroy()
      client.resetAndDestroy()
    }
    client.on('error', cut).on('close', () => upstream.destroy())
    upstream.on('error', cut).on('close', () => client.destroy())
    client.on('data', (bytes) => {
      if (pattern?.test(bytes.toString('latin1'))) armed = true
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (armed) cut()
      else client.write(bytes)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => void server.close())
  return {
    port: (server.address() as { port: number }).port,
    async losing<T>(request: RegExp, step: () => Promise<T>): Promise<T> {
      pattern = request
      try {
        return await step()
      } finally {
        pattern = undefined
      }
    },
  }
}

const BANK = { a: 100, b: 100 }

async function world(port: number, functions: readonly string[], more: Partial<PostgresDeclaration> = {}) {
  const nodes = [{ node: 'n1', host: '127.0.0.1', port }]
  const initial = functions.includes('transfer') ? BANK : functions.includes('add') ? 0 : null
  const opened = await planPostgres({ kind: 'postgres', user: 'tester', ...more }).open({
    ...{ operations: { functions, reads: ['read'], initial }, logDir: '.', broke: () => {}, nodes: () => nodes },
    keeper: undefined as never,
  })
  onTestFinished(() => opened.close())
  return {
    prepare: (reached = nodes) => opened.prepare?.(reached, 10_000),
    client() {
      const client = opened.connect(nodes[0]!)
      return (input: Input, timeoutMs = 20_000) =>
        new Promise<Completion>((resolve) =>
          client.invoke({ input, harmless: input.f === 'read' }, millis(timeoutMs), resolve),
        )
    },
  }
}

const add = (key: string): Input => ({ f: 'add', key, value: 1 })
const read = (key: string): Input => ({ f: 'read', key, value: null })

async function session(port: number): Promise<Connection> {
  const credentials = { user: 'tester', password: undefined, database: 'postgres' }
  const connection = await openConnection({ host: '127.0.0.1', port, ...credentials })
  onTestFinished(() => connection.close())
  return connection
}

const run = async (connection: Connection, ...commands: readonly string[]) => {
  let last: ReturnType<typeof judgeEnd> | undefined
  for (const sql of commands) last = judgeEnd(await connection.query(sql))
  return last
}

liveTest(
  `the reported outcome of an operation is its actual outcome (${whySkipped('postgres')})`,
  { timeout: 120_000 },
  async () => {
    const { port } = await startPostgres(initdb!, postgres!)
    const way = await cuttable(port)
    const counters = await world(way.port, ['add', 'read'])
    await counters.prepare()
    const ask = counters.client()
    const admin = await session(port)
    const countOf = async (key: string) => (await ask(read(key))) satisfies Completion
    const ok = (value: number) => ({ type: 'ok', value, node: 'n1' })

    // The answer is lost, so the outcome is unknown. The addition took effect once.
    expect(await way.losing(/INSERT/, () => ask(add('x')))).toMatchObject({ type: 'info', error: 'ECONNRESET' })
    expect(await countOf('x')).toEqual(ok(1))
    // A read has no effect.
    expect(await way.losing(/SELECT value/, () => countOf('x'))).toMatchObject({ type: 'fail', error: 'ECONNRESET' })

    // A transaction has no effect if its answers are lost before its COMMIT is sent.
    const bank = await world(way.port, ['transfer', 'read'])
    await bank.prepare()
    const askBank = bank.client()
    const transfer = (id: number): Input => ({ f: 'transfer', value: { from: 'a', to: 'b', amount: 10, id } })
    const balances = () => askBank({ f: 'read', value: null })
    expect(await way.losing(/UPDATE/, () => askBank(transfer(1)))).toMatchObject({ type: 'fail' })
    expect(await balances()).toEqual({ type: 'ok', value: BANK, node: 'n1' })
    expect(await way.losing(/COMMIT/, () => askBank(transfer(2)))).toMatchObject({ type: 'info' })
    expect(await balances()).toEqual({ type: 'ok', value: { a: 90, b: 110 }, node: 'n1' })
    expect(await askBank({ f: 'transfer', value: { from: 'a', to: 'b', amount: 1000, id: 3 } })).toEqual({
      type: 'fail',
      error: 'insufficient funds',
      answered: true,
      node: 'n1',
    })

    const cells = await world(way.port, ['txn'], { isolation: 'serializable' })
    await cells.prepare()
    const [askCells, askOthers] = [cells.client(), cells.client()]
    const txn = (...steps: readonly Json[]): Input => ({ f: 'txn', value: steps })
    expect(await askCells(txn(['append', 'l', 1], ['w', 'r', 2], ['r', 'l', null], ['r', 'none', null]))).toEqual({
      type: 'ok',
      value: [
        ['append', 'l', 1],
        ['w', 'r', 2],
        ['r', 'l', [1]],
        ['r', 'none', null],
      ],
      node: 'n1',
    })
    expect(await way.losing(/INSERT/, () => askCells(txn(['append', 'l', 2])))).toMatchObject({ type: 'fail' })
    expect(await way.losing(/COMMIT/, () => askCells(txn(['append', 'l', 3])))).toMatchObject({ type: 'info' })
    expect(await askCells(txn(['r', 'l', null]))).toMatchObject({ type: 'ok', value: [['r', 'l', [1, 3]]] })
    // Each transaction waits for a lock of the other. One of them fails, and the other commits.
    for (let round = 0; round < 20; round++) {
      const ends = await Promise.all([
        askCells(txn(['w', 'a', round], ['r', 'l', null], ['w', 'b', round])),
        askOthers(txn(['w', 'b', -round], ['r', 'l', null], ['w', 'a', -round])),
      ])
      for (const end of ends)
        if (end.type !== 'ok')
          expect(end).toMatchObject({ type: 'fail', error: expect.stringMatching(/^40(001|P01) /) })
      expect(ends.some(({ type }) => type === 'ok')).toBe(true)
    }

    // Another session holds the row. A command that is ended while it waits has no effect.
    const holder = await session(port)
    const waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'chaos'"
    const untilWaiting = () =>
      eventually(async () => expect(await run(admin, `SELECT count(*) ${waiting}`)).toMatchObject({ rows: [['1']] }))
    for (const [end, error] of [
      ['pg_cancel_backend', '57014'],
      ['pg_terminate_backend', '57P01'],
    ] as const) {
      await run(holder, 'BEGIN', 'SELECT * FROM chaos_counter FOR UPDATE')
      const asked = ask(add('x'))
      await untilWaiting()
      await run(admin, `SELECT ${end}(pid) ${waiting}`)
      expect(await asked).toMatchObject({ type: 'fail', error: expect.stringContaining(error) })
      await run(holder, 'ROLLBACK')
      expect(await countOf('x')).toEqual(ok(1))
    }

    // If the client stops waiting but the command is not cancelled, the command takes effect when it gets the lock.
    await run(holder, 'BEGIN', 'SELECT * FROM chaos_counter FOR UPDATE')
    const late = ask(add('x'), 1_000)
    await untilWaiting()
    expect(await late).toMatchObject({ type: 'info', error: 'timeout after 1000 ms' })
    await run(holder, 'ROLLBACK')
    await eventually(async () => expect(await countOf('x')).toEqual(ok(2)))

    // In a conflict or a deadlock, the session that gets the error has changed nothing.
    const [one, other] = [await session(port), await session(port)]
    await run(one, 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT * FROM chaos_counter')
    await run(other, "UPDATE chaos_counter SET value = 5 WHERE key = 'x'")
    expect(await run(one, "UPDATE chaos_counter SET value = 9 WHERE key = 'x'")).toMatchObject({
      type: 'fail',
      error: expect.stringContaining('40001'),
    })
    await run(
      one,
      'ROLLBACK',
      "INSERT INTO chaos_counter VALUES ('y', 0)",
      'BEGIN',
      "UPDATE chaos_counter SET value = 1 WHERE key = 'x'",
    )
    await run(other, 'BEGIN', "UPDATE chaos_counter SET value = 2 WHERE key = 'y'")
    const [first, second] = await Promise.all([
      run(one, "UPDATE chaos_counter SET value = 1 WHERE key = 'y'"),
      run(other, "UPDATE chaos_counter SET value = 2 WHERE key = 'x'"),
    ])
    const loser = first?.type === 'done' ? second : first
    expect(loser).toMatchObject({ type: 'fail', error: expect.stringContaining('40P01') })
    await Promise.all([run(one, 'ROLLBACK'), run(other, 'ROLLBACK')])
    expect(await countOf('x')).toEqual(ok(5))

    // A read-only session has changed nothing.
    await run(admin, 'CREATE ROLE reader SUPERUSER LOGIN', 'ALTER ROLE reader SET default_transaction_read_only = on')
    const reader = (await world(port, ['add', 'read'], { user: 'reader' })).client()
    expect(await reader(add('x'))).toMatchObject({ type: 'fail', error: expect.stringContaining('25006') })

    // A commit that waits for a standby is already on the primary's disk, however the wait ends.
    await run(admin, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", 'SELECT pg_reload_conf()')
    const inWait = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    await run(admin, 'SET synchronous_commit = local')
    let value = 5
    /**
     * Repeats an `add` until one waits for a standby. Before the server applies `synchronous_standby_names`, commits do
     * not wait.
     */
    async function askUntilOneWaits(): Promise<{ readonly asked: Promise<Completion> }> {
      for (;;) {
        let isOver = false
        const asked = ask(add('x')).finally(() => {
          isOver = true
        })
        while (!isOver) {
          const seen = await run(admin, `SELECT count(*) ${inWait}`)
          if (seen?.type === 'done' && seen.rows[0]?.[0] === '1') return { asked }
        }
        expect(await asked).toMatchObject({ type: 'ok' })
        value++
      }
    }
    for (const end of ['pg_cancel_backend', 'pg_terminate_backend']) {
      const { asked } = await askUntilOneWaits()
      await run(admin, `SELECT ${end}(pid) ${inWait}`)
      expect(await asked).toMatchObject({
        type: 'info',
        error: expect.stringMatching(/^canceling (the )?wait for synchronous/),
      })
      value++
      await eventually(async () => expect(await countOf('x')).toEqual(ok(value)))
    }
  },
)

liveTest(
  `a PostgreSQL client logs in by the method that the server asks for, and reports a refused login (${whySkipped('postgres')})`,
  { timeout: 120_000 },
  async () => {
    const { port } = await startPostgres(initdb!, postgres!)
    const admin = await session(port)
    await run(
      admin,
      "SET password_encryption = 'md5'",
      "CREATE ROLE old SUPERUSER LOGIN PASSWORD 'one'",
      "SET password_encryption = 'scram-sha-256'",
      "CREATE ROLE young SUPERUSER LOGIN PASSWORD 'two'",
      'CREATE TEMP TABLE hba (line text)',
      ...['host all tester all trust', 'host all old all md5', 'host all young all scram-sha-256'].map(
        (line) => `INSERT INTO hba VALUES ('${line}')`,
      ),
      `DO $$ BEGIN EXECUTE format('COPY hba TO %L', current_setting('hba_file')); END $$`,
      'SELECT pg_reload_conf()',
    )
    const prepared = async (more: Partial<PostgresDeclaration>) => (await world(port, ['add', 'read'], more)).prepare()
    await eventually(async () => expect(prepared({ user: 'young' })).rejects.toThrow('requires a password for young'))
    await prepared({ user: 'old', password: 'one' })
    await prepared({ user: 'young', password: 'two' })
    await expect(prepared({ user: 'young', password: 'three' })).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringMatching(/^n1 \(127\.0\.0\.1:\d+\) refuses young: 28P01 .*"password"/),
    })
    await expect(prepared({ user: 'young', password: 'two', database: 'shop' })).rejects.toThrow('"database"')
    const nobody = [{ node: 'n1', host: '127.0.0.1', port: 1 }]
    const { prepare } = await world(port, ['add', 'read'])
    await expect(prepare(nobody)).rejects.toThrow('n1 (127.0.0.1:1) cannot be reached: connection refused')
  },
)
