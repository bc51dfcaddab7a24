import { dirname, join } from 'node:path'
import type { Fault } from '@chaosproxy/faults'
import { millis, nanos } from '@chaosproxy/history'
import { createServiceCluster, type DatabaseStory, loadService, outsidePromises } from '@chaosproxy/node-simulator'
import type { SimulatedCluster } from '@chaosproxy/simulator'
import { describe, expect, test } from 'vitest'
import { injectedFor, written } from '../../../../testing/src/simulated.ts'

const SCHEMA = `
CREATE TABLE kv (k text PRIMARY KEY, v int NOT NULL DEFAULT 0);
CREATE TABLE outbox (id serial PRIMARY KEY, v int NOT NULL);
INSERT INTO kv VALUES ('x', 0);`

/**
 * PUT adds a value in the way that WAY names: with retries (`retried`), after the reply (`once`), or through an outbox,
 * which a relay empties later.
 */
const PROGRAM = `import { createServer } from 'node:http'
import pg from 'pg'
const pool = new pg.Pool({ max: 4 })
pool.on('error', () => {})
const { WAY } = process.env
const relay = () => pool.query('WITH taken AS (DELETE FROM outbox RETURNING v) UPDATE kv SET v = kv.v + taken.v FROM taken').catch(() => {})
const beat = () => pool.query('UPDATE kv SET v = v + 1').catch(() => {})
const again = () => relay().then(() => setTimeout(again, 40))
if (WAY === 'interval') setInterval(relay, 40)
if (WAY === 'chain') setTimeout(again, 40)
if (WAY === 'restless') setInterval(beat, 40)
async function add(v) {
  for (let tried = 0; ; tried++)
    try {
      return await pool.query('UPDATE kv SET v = v + $1', [v])
    } catch (error) {
      if (tried === 5) throw error
    }
}
createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  if (request.method === 'PUT') {
    const { value } = JSON.parse(body)
    if (WAY === 'retried') await add(value)
    else if (WAY === 'once') await new Promise((done) => { setTimeout(() => add(value), 200); done() })
    else await pool.query('INSERT INTO outbox (v) VALUES ($1)', [value])
  } else await pool.query('SELECT v FROM kv')
  response.end('{"value":1}')
}).listen(process.env['PORT'])
`

interface Ended {
  /** The milliseconds from the answer to a write until the program was at rest. */
  readonly restedAfterMs: number
  readonly stories: readonly DatabaseStory[]
}

async function ran(way: string, meanwhile: (cluster: SimulatedCluster) => void = () => {}): Promise<Ended> {
  const files = written(PROGRAM, 'server.ts', { 'schema.sql': SCHEMA })
  const sql = join(dirname(files.program), 'schema.sql')
  const service = await loadService({
    ...files,
    environment: { WAY: way },
    postgres: { pg: { sql, expect: 'serializable', unit: 'request' } },
  })
  const stories: DatabaseStory[] = []
  const story = (told: DatabaseStory): void => void stories.push(told)
  return outsidePromises(() => {
    const cluster = createServiceCluster(service, { nodes: 2, seed: 1, functions: ['write'], story })
    try {
      const limits = { events: 100_000, durationMs: millis(20_000) }
      cluster.run(() => cluster.isReady(), limits)
      cluster.scenarioBegins?.()
      meanwhile(cluster)
      const start = nanos(cluster.clock.now() + 300e6)
      let answeredAt = Number.NaN
      cluster.clock.at(start, () => {
        const input = { f: 'write', key: 'x', value: 1 }
        const session = { client: 'process-0', sequence: 1 }
        cluster.connect('n1').invoke({ input, harmless: false, session }, millis(3_000), () => {
          answeredAt = cluster.clock.now()
        })
      })
      cluster.run(() => !Number.isNaN(answeredAt), limits)
      const owes = (): boolean => cluster.status().get('n1')?.owes === true
      owes()
      cluster.run(() => !owes(), limits)
      return { restedAfterMs: (cluster.clock.now() - answeredAt) / 1e6, stories }
    } finally {
      cluster.close?.()
    }
  })
}

describe('a service over one PostgreSQL', () => {
  test.each(['interval', 'chain'])(
    'a service has pending work until a relay has polled twice without a change: %s',
    async (way) => {
      const { restedAfterMs } = await ran(way)
      // Work is pending until the data has not changed for two periods of the relay, and for another 50 ms, in which
      // the relay's last query is answered (see `Quiet`).
      expect(restedAfterMs).toBeGreaterThan(100)
      expect(restedAfterMs).toBeLessThan(250)
    },
  )

  test('a service has pending work until a one-time timer has fired', async () => {
    expect((await ran('once')).restedAfterMs).toBeGreaterThan(190)
  })

  test('a service whose timers keep changing data is considered to be at rest about 3 s after a request', async () => {
    const { restedAfterMs } = await ran('restless')
    expect(restedAfterMs).toBeGreaterThan(2_500)
    expect(restedAfterMs).toBeLessThan(4_000)
  })

  test('a service has no pending work if no timer is set', async () => {
    expect((await ran('plain')).restedAfterMs).toBeLessThan(10)
  })

  test('a service is reported to have executed a request twice if the reply to its COMMIT was lost', async () => {
    const lost = injectedFor({ kind: 'lose-commit-reply', nodes: ['pg'], share: 1 } as unknown as Fault, 305)
    const { stories } = await ran('retried', lost)
    expect(stories[0]?.cause).toMatch(
      /^process-0-1 was done twice: the answer to its COMMIT at \d+\.\d ms was lost, and UPDATE kv/,
    )
    expect(stories[0]?.requests).toEqual(['process-0-1'])
    expect((await ran('retried')).stories).toEqual([])
  })
})
