import type { Fault } from '@chaosproxy/faults'
import type { Injected, StartedCluster } from '@chaosproxy/runner'
import { describe, expect, onTestFinished } from 'vitest'
import { encoded, type Gateway, openGateway } from '../../../../targets/src/client-kinds/etcd/gateway.ts'
import { etcdErrors } from '../../../../targets/src/client-kinds/etcd/outcomes.ts'
import { numberIn } from '../../../../targets/src/clients/json-body.ts'
import { outcomeOf } from '../../../../targets/src/clients/outcome-of.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { addressOf, isInstalled, startEtcd, why } from '../../etcd/etcd-cluster.ts'

// Tests how clients judge the errors of a real etcd, and whether the operation took effect. The revision counts
// changes.

function gatewayTo(cluster: StartedCluster, node: string): Gateway {
  const gateway = openGateway({ node, ...addressOf(cluster, node) })
  onTestFinished(() => gateway.close())
  return gateway
}

const put = (key: string) => ({ key: encoded(key), value: encoded('1') })
const stepOf = (key: string) => ({ request_put: put(key) })

async function revisionOf(gateway: Gateway): Promise<number> {
  const reply = await gateway.ask('/v3/kv/range', { key: encoded('a') }, 5000)
  if (reply.type !== 'ok') throw new Error(reply.error)
  return numberIn(reply.body['header'] as never, 'revision')
}

/** Requests that etcd refuses, keyed by the text of etcd's error. */
const refused: { readonly [says: string]: readonly [path: string, request: object] } = {
  'key is not provided': ['/v3/kv/put', {}],
  'value is provided': ['/v3/kv/put', { ...put('a'), ignore_value: true }],
  'lease is provided': ['/v3/kv/put', { key: encoded('a'), lease: 7, ignore_lease: true }],
  'duplicate key given in txn request': ['/v3/kv/txn', { success: [stepOf('a'), stepOf('a')] }],
  'too many operations in txn request': [
    '/v3/kv/txn',
    { success: Array.from({ length: 129 }, (_, i) => stepOf(`k${i}`)) },
  ],
  'request is too large': ['/v3/kv/put', { key: encoded('a'), value: encoded('x'.repeat(1_600_000)) }],
  'too large lease TTL': ['/v3/lease/grant', { TTL: 9_999_999_999 }],
  'requested lease not found': ['/v3/kv/put', { ...put('a'), lease: 99 }],
  'lease already exists': ['/v3/lease/grant', { ID: 7, TTL: 60 }],
  'required revision has been compacted': ['/v3/kv/range', { key: encoded('a'), revision: 1 }],
  'required revision is a future revision': ['/v3/kv/compaction', { revision: 99 }],
}

test('an error that etcdErrors does not list leaves the outcome unknown', () => {
  expect(outcomeOf(etcdErrors, 'etcdserver: something new')).toBe('info')
})

describe.skipIf(!isInstalled)(`a live etcd${why}`, () => {
  test('etcd is unchanged after each error that etcdErrors lists as definite', async () => {
    expect(Object.keys(refused)).toEqual(
      etcdErrors.filter(({ means }) => means === 'fail').flatMap(({ texts }) => texts),
    )
    const cluster = await startEtcd({ functions: ['read'], initial: null })
    const gateway = gatewayTo(cluster, 'n1')
    for (const key of ['a', 'b', 'a']) await gateway.ask('/v3/kv/put', put(key), 5000)
    await gateway.ask('/v3/lease/grant', { ID: 7, TTL: 60 }, 5000)
    await gateway.ask('/v3/kv/compaction', { revision: 3 }, 5000)
    const before = await revisionOf(gateway)
    for (const [says, [path, request]] of Object.entries(refused)) {
      const reply = await gateway.ask(path, request, 5000)
      expect(reply, says).toEqual({ type: 'fail', error: expect.stringContaining(says) })
    }
    expect(await revisionOf(gateway)).toBe(before)
  })

  test('etcd reports that its space is exceeded with an error whose outcome is unknown', async () => {
    const gateway = gatewayTo(await startEtcd({ functions: ['read'], initial: null }), 'n1')
    await gateway.ask('/v3/maintenance/alarm', { action: 'ACTIVATE', alarm: 'NOSPACE' }, 5000)
    expect(await gateway.ask('/v3/kv/put', put('a'), 5000)).toEqual({
      type: 'info',
      error: expect.stringContaining('database space exceeded'),
    })
  })

  test('a request without a reply has an unknown outcome, even if only the reply was lost', async () => {
    const cluster = await startEtcd({ functions: ['read', 'write'], initial: null })
    const gateway = gatewayTo(cluster, 'n1')
    const before = await revisionOf(gateway)
    const found = await injected(cluster, {
      kind: 'lose-reply',
      silence: 'reset',
      links: [{ from: 'clients', to: 'n1' }],
    })
    expect(await gateway.ask('/v3/kv/put', put('a'), 1000)).toMatchObject({ type: 'info' })
    await found()
    expect(await revisionOf(gateway)).toBe(before + 1)
    await injected(cluster, { kind: 'pause', nodes: ['n1'] })
    expect(await gateway.ask('/v3/kv/put', put('a'), 300)).toMatchObject({ type: 'info' })
  })

  patientTest('a request that times out without a majority has an unknown outcome', { timeout: 120_000 }, async () => {
    const cluster = await startEtcd({ functions: ['read'], initial: null }, { nodes: 3 })
    const leader = cluster.leader() ?? ''
    const gateway = gatewayTo(cluster, leader)
    await injected(cluster, { kind: 'pause', nodes: cluster.nodes.filter((node) => node !== leader) })
    const errors = etcdErrors.filter(({ means }) => means === 'info').flatMap(({ texts }) => texts)
    // etcd times out a request after five seconds plus two election timeouts.
    for (const key of ['a', 'b']) {
      const reply = await gateway.ask('/v3/kv/put', put(key), 20_000)
      expect(reply).toMatchObject({ type: 'info' })
      expect(
        errors.some((says) => reply.type !== 'ok' && reply.error.includes(says)),
        JSON.stringify(reply),
      ).toBe(true)
    }
  })
})

/** Injects a fault. Resolves with a function that heals the fault. */
async function injected(cluster: StartedCluster, fault: Fault): Promise<() => Promise<void>> {
  const outcome = await new Promise<Injected>((resolve) => cluster.inject(fault, resolve))
  if (outcome.type === 'failed') throw new Error(outcome.error)
  return () => new Promise((resolve) => outcome.heal(() => resolve()))
}
