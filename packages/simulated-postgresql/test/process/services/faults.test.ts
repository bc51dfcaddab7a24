import type { Fault } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import type { SimulatedCluster } from '@chaosproxy/simulator'
import { describe, expect, test } from 'vitest'
import { injectedFor } from '../../../../testing/src/simulated.ts'
import { stopped } from '../../../../testing/src/stopped.ts'
import { KV, ran, schemaOf } from '../../services/asker.ts'

/** Injects a fault after this much virtual time, for a while. */
const injected =
  (fault: object, afterMs: number, forMs: number) =>
  (cluster: SimulatedCluster): void => {
    const { clock } = cluster
    clock.at(nanos(clock.now() + afterMs * 1e6), () => injectedFor(fault as Fault, forMs)(cluster))
  }

/** Returns the error with which a fault is refused, if it cannot be injected. */
async function refusalOf(fault: object, postgres = {}): Promise<string | undefined> {
  let error: string | undefined
  const meanwhile = ({ inject }: SimulatedCluster) =>
    inject(fault as Fault, (outcome) => {
      error = outcome.type === 'failed' ? outcome.error : undefined
    })
  await ran('', { postgres, meanwhile })
  return error
}

const values = `(await pool.query('SELECT k, v FROM kv ORDER BY k')).rows.map(({ v }) => v)`

describe('a kill of the simulated PostgreSQL', () => {
  const twoCommits = (setting: string) => `
    const client = await pool.connect()
    client.on('error', () => {})
    await client.query("SET synchronous_commit = ${setting}")
    setTimeout(async () => {
      await client.query("UPDATE kv SET v = 10 WHERE k = 'a'")
      await client.query('BEGIN')
      await client.query("UPDATE kv SET v = 20 WHERE k = 'b'")
      await client.query('COMMIT')
    }, 185)
    setTimeout(async () => told(${values}), 1_000)`
  const killed = { meanwhile: stopped(200, 300, 'pg'), forMs: 2_000 }

  test('a kill of the simulated PostgreSQL loses no commit by default', async () => {
    const { lines } = await ran(twoCommits('on'), { ...killed, postgres: schemaOf(KV) })
    expect(lines).toEqual(['n1: [[10,20]]'])
  })

  test('a kill loses commits of sessions with synchronous_commit = off, beginning with the latest', async () => {
    const found = new Set<string>()
    for (let seed = 1; seed <= 8; seed++) {
      const { lines } = await ran(twoCommits('off'), { ...killed, postgres: schemaOf(KV), seed })
      for (const line of lines) found.add(line)
    }
    expect(found).toContain('n1: [[1,2]]')
    expect(found).not.toContain('n1: [[1,20]]')
  })

  test('a kill keeps an asynchronous commit that is followed by a synchronous commit', async () => {
    const asks = `
      const client = await pool.connect()
      client.on('error', () => {})
      setTimeout(async () => {
        await client.query('SET synchronous_commit = off')
        await client.query("UPDATE kv SET v = 10 WHERE k = 'a'")
        await client.query('SET synchronous_commit = on')
        await client.query("UPDATE kv SET v = 20 WHERE k = 'b'")
      }, 100)
      setTimeout(async () => told(${values}), 1_000)`
    for (let seed = 1; seed <= 4; seed++) {
      const { lines } = await ran(asks, { ...killed, postgres: schemaOf(KV), seed })
      expect(lines).toEqual(['n1: [[10,20]]'])
    }
  })
})

describe('lose-commit-reply', () => {
  test('lose-commit-reply executes the commit, and breaks the connection before the reply', async () => {
    const { lines } = await ran(
      `
        const client = await pool.connect()
        client.on('error', () => {})
        await client.query('BEGIN')
        await client.query("UPDATE kv SET v = 10 WHERE k = 'a'")
        told(await codeOf(client.query('COMMIT')))
        told(await codeOf(pool.query("UPDATE kv SET v = $1 WHERE k = 'b'", [20])))
        told(${values})`,
      {
        postgres: schemaOf(KV),
        meanwhile: injected({ kind: 'lose-commit-reply', nodes: ['pg'], share: 1 }, 0, 900),
      },
    )
    const lost = 'n1: ["Connection terminated unexpectedly"]'
    expect(lines).toEqual([lost, lost, 'n1: [[10,20]]'])
  })
})

describe('serialization-failure', () => {
  const fault = { kind: 'serialization-failure', nodes: ['pg'], share: 1 }
  const always = { meanwhile: injected(fault, 0, 2_000), forMs: 2_000 }
  /** Returns statements of two concurrent transactions, each of which changes one row. */
  const overlapping = (level: string) => `
    const [one, other] = [await pool.connect(), await pool.connect()]
    for (const client of [one, other]) await client.query('BEGIN ISOLATION LEVEL ${level}')
    for (const client of [one, other]) await client.query('SELECT count(*) FROM kv')
    const outcomes = []
    outcomes.push(await codeOf(one.query("UPDATE kv SET v = 10 WHERE k = 'a'")), await codeOf(one.query('COMMIT')))
    outcomes.push(await codeOf(other.query("UPDATE kv SET v = 20 WHERE k = 'b'")))
    told(...outcomes)`

  test('serialization-failure fails a transaction at REPEATABLE READ that writes to a table changed since its snapshot', async () => {
    const { lines } = await ran(overlapping('REPEATABLE READ'), { ...always, postgres: schemaOf(KV) })
    expect(lines).toEqual(['n1: ["no error","no error","40001"]'])
  })

  test('serialization-failure fails a transaction at SERIALIZABLE that overlaps a writer', async () => {
    const { lines } = await ran(
      `
        const [one, other] = [await pool.connect(), await pool.connect()]
        for (const client of [one, other]) await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE')
        await one.query("UPDATE kv SET v = 10 WHERE k = 'a'")
        await other.query("INSERT INTO kv VALUES ('c', 3)")
        told(await codeOf(one.query('COMMIT')))`,
      { ...always, postgres: schemaOf(KV) },
    )
    expect(lines).toEqual(['n1: ["40001"]'])
  })

  test('serialization-failure fails no transaction at READ COMMITTED, and no transaction that runs alone', async () => {
    const { lines } = await ran(
      `
        ${overlapping('READ COMMITTED')}
        for (const client of [one, other]) await client.query('COMMIT')
        await one.query('BEGIN ISOLATION LEVEL SERIALIZABLE')
        await one.query("UPDATE kv SET v = v + 1 WHERE k = 'a'")
        told(await codeOf(one.query('COMMIT')), ${values})`,
      { ...always, postgres: schemaOf(KV) },
    )
    expect(lines).toEqual(['n1: ["no error","no error","no error"]', 'n1: ["no error",[11,20]]'])
  })
})

describe('refuse-sessions', () => {
  test('refuse-sessions refuses new sessions with 53300 and serves existing ones', async () => {
    const { lines } = await ran(
      `
        const client = await pool.connect()
        const full = async () => {
          told(await codeOf(new pg.Client().connect()), await codeOf(client.query('SELECT 1')))
        }
        setTimeout(full, 300)
        setTimeout(full, 800)`,
      { meanwhile: injected({ kind: 'refuse-sessions', nodes: ['pg'] }, 200, 300) },
    )
    expect(lines).toEqual(['n1: ["53300","no error"]', 'n1: ["no error","no error"]'])
  })
})

describe('slow-statements', () => {
  const slow = injected({ kind: 'slow-statements', nodes: ['pg'], delayMs: 300, share: 1 }, 0, 1_500)

  test('slow-statements delays statements, and statement_timeout ends a delayed statement with 57014', async () => {
    const { lines } = await ran(
      `
        const at = Date.now()
        told(await codeOf(pool.query('SELECT 1')), Date.now() - at >= 300)
        const client = new pg.Client({ statement_timeout: 100 })
        await client.connect()
        const since = Date.now()
        const code = await codeOf(client.query("UPDATE kv SET v = 9 WHERE k = 'a'"))
        told(code, Date.now() - since < 150, ${values})`,
      { postgres: schemaOf(KV), meanwhile: slow, forMs: 2_000 },
    )
    expect(lines).toEqual(['n1: ["no error",true]', 'n1: ["57014",true,[1,2]]'])
  })
})

describe('a restart of the simulated PostgreSQL', () => {
  test('a restart of the simulated PostgreSQL ends sessions with 57P01, aborts open transactions and keeps every commit', async () => {
    const { lines } = await ran(
      `
        const idle = await pool.connect()
        idle.once('error', (error) => told('idle', error.code))
        idle.on('error', () => {})
        const busy = await pool.connect()
        busy.on('error', () => {})
        await busy.query('SET synchronous_commit = off')
        await busy.query("UPDATE kv SET v = 10 WHERE k = 'a'")
        await busy.query('BEGIN')
        await busy.query("UPDATE kv SET v = 20 WHERE k = 'b'")
        told('busy', await codeOf(busy.query('SELECT pg_sleep(10)')))
        setTimeout(async () => told(${values}), 500)`,
      { postgres: schemaOf(KV), meanwhile: injected({ kind: 'restart', nodes: ['pg'] }, 300, 10) },
    )
    expect(lines.toSorted()).toEqual(['n1: ["busy","57P01"]', 'n1: ["idle","57P01"]', 'n1: [[10,2]]'])
  })
})

const standby = `
  const reader = new pg.Pool({ connectionString: process.env.PG_STANDBY_URL, max: 2 })
  reader.on('error', () => {})
  const read = async () => (await reader.query("SELECT v FROM kv WHERE k = 'a'")).rows[0].v`

describe('a standby', () => {
  const withStandby = () => ({ postgres: { ...schemaOf(KV), standby: true }, forMs: 3_000 })

  test('a standby shows commits of the primary only after a delay', async () => {
    const { lines } = await ran(
      `${standby}
        let stale = 0
        for (let i = 2; i < 60; i++) {
          await pool.query("UPDATE kv SET v = $1 WHERE k = 'a'", [i])
          if ((await read()) !== i) stale++
        }
        setTimeout(async () => told(stale > 0, await read()), 500)`,
      withStandby(),
    )
    expect(lines).toEqual(['n1: [true,59]'])
  })

  test('a standby refuses writes like a PostgreSQL server in recovery', async () => {
    const { lines } = await ran(
      `${standby}
        const client = await reader.connect()
        told((await client.query('SELECT pg_is_in_recovery() AS standby')).rows[0].standby)
        for (const sql of ['UPDATE kv SET v = 1', 'SELECT * FROM kv FOR UPDATE', 'CREATE TABLE t ()', 'LISTEN jobs'])
          told(await codeOf(client.query(sql)))
        told(await codeOf(client.query('BEGIN ISOLATION LEVEL SERIALIZABLE')))
        await client.query('ROLLBACK')
        told(await codeOf(client.query('BEGIN READ WRITE')))`,
      withStandby(),
    )
    expect(lines).toEqual([
      'n1: [true]',
      ...Array.from({ length: 4 }, () => 'n1: ["25006"]'),
      'n1: ["0A000"]',
      'n1: ["0A000"]',
    ])
  })

  test('a standby is stale while a partition cuts it off, and catches up after the heal', async () => {
    const links = [
      { from: 'pg', to: 'pg-standby' },
      { from: 'pg-standby', to: 'pg' },
    ]
    const { lines } = await ran(
      `${standby}
        setTimeout(() => pool.query("UPDATE kv SET v = 7 WHERE k = 'a'"), 300)
        setTimeout(async () => told(await read()), 900)
        setTimeout(async () => told(await read()), 2_500)`,
      { ...withStandby(), meanwhile: injected({ kind: 'partition', mode: 'drop', links }, 200, 1_000) },
    )
    expect(lines).toEqual(['n1: [1]', 'n1: [7]'])
  })

  test('a standby keeps the snapshot of a transaction while the primary commits updates and vacuums', async () => {
    const { lines } = await ran(
      `${standby}
        const client = await reader.connect()
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
        const before = (await client.query("SELECT v FROM kv WHERE k = 'a'")).rows[0].v
        for (let i = 2; i < 300; i++) await pool.query("UPDATE kv SET v = $1 WHERE k = 'a'", [i])
        told(before, (await client.query("SELECT v FROM kv WHERE k = 'a'")).rows[0].v)`,
      withStandby(),
    )
    expect(lines).toEqual(['n1: [1,1]'])
  })

  test('a standby takes over with the commits that it received before a failover, and without later commits', async () => {
    const cut = [
      { from: 'pg', to: 'pg-standby' },
      { from: 'pg-standby', to: 'pg' },
    ]
    const { lines } = await ran(
      `${standby}
        await pool.query("UPDATE kv SET v = 10 WHERE k = 'a'")
        setTimeout(() => pool.query("UPDATE kv SET v = 20 WHERE k = 'b'"), 350)
        setTimeout(async () => told(${values}), 380)
        setTimeout(async () => told(await codeOf(pool.query('SELECT 1'))), 550)
        setTimeout(async () => {
          told(${values})
          await pool.query("INSERT INTO kv VALUES ('c', 30)")
        }, 1_200)
        setTimeout(async () => told((await reader.query('SELECT count(*)::int AS n FROM kv')).rows[0].n, ${values}), 2_800)`,
      {
        ...withStandby(),
        meanwhile(cluster) {
          injected({ kind: 'partition', mode: 'hold', links: cut }, 300, 150)(cluster)
          injected({ kind: 'failover', nodes: ['pg'] }, 400, 300)(cluster)
        },
      },
    )
    expect(lines).toEqual(['n1: [[10,20]]', 'n1: ["ECONNREFUSED"]', 'n1: [[10,2]]', 'n1: [3,[10,2,30]]'])
  })
})

test('database faults are refused for nodes that are not a PostgreSQL primary, and a failover is refused without a standby', async () => {
  expect(await refusalOf({ kind: 'refuse-sessions', nodes: ['n1'] })).toBe('n1 is no PostgreSQL of the simulator')
  expect(await refusalOf({ kind: 'failover', nodes: ['pg'] })).toBe('pg has no standby: add --standby')
  expect(await refusalOf({ kind: 'refuse-sessions', nodes: ['pg-standby'] }, { standby: true })).toBe(
    'pg-standby is a standby: inject this fault into its primary, pg',
  )
})
