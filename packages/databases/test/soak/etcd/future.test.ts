import type { Fault } from '@chaosproxy/faults'
import { historyFromEvents, type Json, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { check } from '../../../../checker/src/index.ts'
import { injected, type RecordedClient, recordClients } from '../../../../testing/src/recorded.ts'
import { addressOf, isInstalled, startEtcd, why } from '../../etcd/etcd-cluster.ts'

// If a member catches up by a snapshot, a watch from a future revision receives events below its start (etcd issue
// 20221). A leader keeps 5,000 entries behind its last snapshot. A member that is further behind gets a snapshot.
const KEPT_ENTRIES = 5_000
const PUTS = KEPT_ENTRIES + 1_000
const FUTURE = 1_000_000
const WRITERS = 40
/**
 * The maximum number of attempts. If the leader is replaced, the follower may catch up by entries instead of a
 * snapshot. The test then cuts off the follower again.
 */
const MOST_TRIES = 5
/** A member checks a restored watch within 100 ms, and then sends it every event. */
const LOOKS = 100
const times = process.env['CHAOS_SOAK'] === 'short' ? [1] : [1, 2, 3]

describe.skipIf(!isInstalled)(`a live etcd${why}`, () => {
  test.each(times)(
    'an etcd follower restored from a snapshot sends a watch events from before its start revision (time %i)',
    { timeout: 300_000 },
    async (time) => {
      const cluster = await startEtcd(
        { functions: ['put', 'watch', 'watched'], initial: null },
        // A long election timeout, so that no new leader is elected because of a busy machine.
        { nodes: 3, 'snapshot-count': 100, election: 3_000 },
      )
      const leader = cluster.leader() ?? ''
      const [follower = '', third = ''] = cluster.nodes.filter((node) => node !== leader)
      const clients = recordClients(cluster)
      const writers = Array.from({ length: WRITERS }, () => clients.at(leader))
      let value = 0
      const put = async (writer: RecordedClient | undefined) =>
        expect(await writer?.({ f: 'put', key: 'x', value: ++value })).toMatchObject({ type: 'ok' })
      const links = [leader, third].flatMap((node) => [
        { from: node, to: follower },
        { from: follower, to: node },
      ])

      const tried: string[] = []
      let told: readonly Json[] = []
      while (told.length === 0 && tried.length < MOST_TRIES) {
        const received = await snapshotsReceived(addressOf(cluster, follower))
        const heal = await injected(cluster, { kind: 'partition', mode: 'drop', links } as Fault)
        let left = PUTS
        await Promise.all(
          writers.map(async (writer) => {
            while (left-- > 0) await put(writer)
          }),
        )
        const watch = tried.length + 1
        const watching = clients.at(follower)
        expect(await watching({ f: 'watch', value: { watch, from: FUTURE } })).toMatchObject({ type: 'ok' })
        await heal()
        for (let look = 0; look < LOOKS && told.length === 0; look++) {
          await put(writers[0])
          const taken = await watching({ f: 'watched', value: { watch } }, 400)
          if (taken.type === 'ok') told = eventsIn(taken.value)
        }
        const caughtUp = await snapshotsReceived(addressOf(cluster, follower))
        tried.push(`${caughtUp - received} snapshots, ${told.length} events`)
      }
      console.log(`time ${time}: ${tried.length} tries: ${tried.join('; ')}`)

      const { levels, headline } = check(historyFromEvents(clients.events), {
        ...{ model: 'watch', initial: null, levels: ['future', 'faithful'], failedCas: 'drop' },
        ...{ deadlineMs: millis(60_000), memoryBytes: 1e9, now: () => millis(performance.now()) },
      })
      expect(levels).toMatchObject({
        future: {
          result: 'violated',
          counterexample: { sentence: expect.stringContaining('before its start at revision') },
        },
        faithful: { result: 'violated' },
      })
      expect(headline).toContain('sends what is older than its start')
    },
  )
})

const eventsIn = (responses: Json): readonly Json[] =>
  (responses as readonly { readonly events?: readonly Json[] }[]).flatMap(({ events = [] }) => events)

/** Returns the number of snapshots that a member has received since it started. */
async function snapshotsReceived({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  const metrics = await (await fetch(`http://${host}:${port}/metrics`)).text()
  return [...metrics.matchAll(/^etcd_network_snapshot_receive_success\{.*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )
}
