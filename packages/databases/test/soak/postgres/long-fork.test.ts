import { join } from 'node:path'
import type { Fault } from '@chaosproxy/faults'
import { historyFromEvents, type Json, millis } from '@chaosproxy/history'
import type { StartedCluster } from '@chaosproxy/runner'
import { settingsFor } from '@chaosproxy/workloads'
import { describe, expect, onTestFinished, test } from 'vitest'
import { check } from '../../../../checker/src/index.ts'
import { findServer, INSTALL } from '../../../../targets/src/client-kinds/postgres/programs.ts'
import { temporaryDirectory } from '../../../../testing/src/clients.ts'
import { injected, recordClients } from '../../../../testing/src/recorded.ts'
import { postgres } from '../../../src/postgres/target.ts'

// The primary has one synchronous standby. First, the standby's acknowledgements are held: a write of x is visible on
// the standby, but not yet on the primary. Then the primary's log is held: a local commit of y is visible on the
// primary, but not yet on the standby. So a reader of the standby sees x before y, and a reader of the primary sees y
// before x: a long fork, as Jepsen found in Amazon RDS for PostgreSQL (2025).

const isInstalled = findServer() !== undefined
// A standby refuses serializable transactions.
const isolations = process.env['CHAOS_SOAK'] === 'short' ? ['repeatable-read'] : ['read-committed', 'repeatable-read']

describe.skipIf(!isInstalled)(`a live PostgreSQL${isInstalled ? '' : `: no ${INSTALL.program}`}`, () => {
  test.each(isolations)(
    'PostgreSQL shows a long fork between its primary and its synchronous standby (%s)',
    { timeout: 120_000 },
    async (isolation) => {
      const cluster = await started({ synchronous: 'FIRST 1', commit: 'on', local: 0.5, reads: 'replicas', isolation })
      const clients = recordClients(cluster)
      const clientOf = (node: string) => {
        const ask = clients.at(node)
        return (f: 'read' | 'write', key: string, value: Json = null) => ask({ f, key, value })
      }
      const [waiting, local, atPrimary, atStandby] = [clientOf('n1'), clientOf('n1'), clientOf('n1'), clientOf('n2')]
      const reading = async (ask: typeof waiting, key: string): Promise<Json> => {
        const { value } = (await ask('read', key)) as { value: Json }
        return value
      }
      // With `local` at 0.5, sessions alternate: the first one waits for the standby when it commits, the second one
      // does not, and so on.
      expect(await waiting('write', 'x', 1)).toMatchObject({ type: 'ok' })
      expect(await local('write', 'y', 1)).toMatchObject({ type: 'ok' })
      while ((await reading(atStandby, 'y')) !== 1) await new Promise((resolve) => setTimeout(resolve, 20))

      const passAcknowledgements = await injected(cluster, hold('n2', 'n1'))
      const open = waiting('write', 'x', 2)
      while ((await reading(atStandby, 'x')) !== 2) await new Promise((resolve) => setTimeout(resolve, 20))
      const passLog = await injected(cluster, hold('n1', 'n2'))
      expect(await local('write', 'y', 2)).toMatchObject({ type: 'ok' })
      expect([await reading(atStandby, 'x'), await reading(atStandby, 'y')]).toEqual([2, 1])
      expect([await reading(atPrimary, 'y'), await reading(atPrimary, 'x')]).toEqual([2, 1])
      await passLog()
      await passAcknowledgements()
      expect(await open).toMatchObject({ type: 'ok' })

      const { levels } = check(historyFromEvents(clients.events), {
        ...{ model: 'register', initial: null, levels: ['linearizable', 'sequential', 'read-your-writes'] },
        ...{ failedCas: 'drop', deadlineMs: millis(20_000), memoryBytes: 1e9, now: () => millis(performance.now()) },
      })
      expect(levels.linearizable.result).toBe('violated')
      expect(levels.sequential).toMatchObject({ result: 'violated' })
      const { counterexample } = levels.sequential as unknown as {
        counterexample: { keys: readonly string[]; sentence: string }
      }
      expect([...counterexample.keys].sort()).toEqual(['x', 'y'])
    },
  )
})

const hold = (from: string, to: string): Fault => ({ kind: 'partition', mode: 'hold', links: [{ from, to }] }) as Fault

async function started(chosen: Parameters<typeof settingsFor>[1]): Promise<StartedCluster> {
  const directory = temporaryDirectory()
  const cluster = await postgres.start({
    nodes: 2,
    settings: settingsFor(postgres, chosen),
    bug: undefined,
    object: 'register',
    operations: {
      functions: ['read', 'write'],
      initial: null,
      reads: ['read'],
      before: [{ f: 'read', key: 'x', value: null }],
    },
    seed: 1,
    dataDir: join(directory, 'data'),
    logDir: join(directory, 'logs'),
    longestMs: millis(60_000),
    rate: 10,
  })
  onTestFinished(() => new Promise((resolve) => cluster.stop(resolve)))
  return cluster
}
