import { join } from 'node:path'
import { type Completion, type Input, type Json, millis } from '@chaosproxy/history'
import { type Settings, settingsFor } from '@chaosproxy/workloads'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { temporaryDirectory } from '../../../../testing/src/clients.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'
import { openJetStream } from '../../../src/nats/client/jetstream.ts'
import { nats } from '../../../src/nats/target.ts'

const isInstalled = installed('nats-server') !== undefined
const why = isInstalled ? '' : `: ${whySkipped('nats-server')}`

/** Runs operations one after another, each with a new client, on a cluster that ends with its test. */
async function startNats(functions: readonly string[], chosen: Settings = {}) {
  const directory = temporaryDirectory()
  const cluster = await nats.start({
    ...{ nodes: 3, settings: settingsFor(nats, chosen), bug: undefined, seed: 1, longestMs: millis(60_000), rate: 10 },
    object: functions.includes('read') ? 'register' : 'queue',
    operations: { functions, reads: ['read'], initial: null },
    ...{ dataDir: join(directory, 'data'), logDir: join(directory, 'logs') },
  })
  onTestFinished(() => new Promise((resolve) => cluster.stop(resolve)))
  const ask = (input: Input, node: string): Promise<Completion> =>
    new Promise((resolve) => {
      const client = cluster.connect(node)
      client.invoke({ input, harmless: input.f === 'read' }, millis(10_000), (completion) => {
        client.close()
        resolve(completion)
      })
    })
  return { cluster, ask }
}

const onX = (f: string, value: Json = null): Input => ({ f, key: 'x y.*', value })

describe.skipIf(!isInstalled)(`a live NATS${why}`, () => {
  test.each(['off', 'on'])('NATS stores registers and reads them with direct=%s', async (direct) => {
    const { cluster, ask } = await startNats(['read', 'write', 'cas'], { direct })
    await vi.waitFor(() => expect(cluster.leader()).toMatch(/^n[123]$/), 20_000)
    const read = (node: string, value: Json) =>
      vi.waitFor(async () => expect(await ask(onX('read'), node)).toEqual({ type: 'ok', value }), 20_000)
    await read('n1', null)
    expect(await ask(onX('cas', [1, 2]), 'n1')).toEqual({ type: 'fail', error: 'mismatch', answered: true })
    expect(await ask(onX('cas', [null, 1]), 'n1')).toEqual({ type: 'ok', value: [null, 1] })
    for (const node of ['n1', 'n2', 'n3']) await read(node, 1)
    expect(await ask(onX('write', null), 'n2')).toEqual({ type: 'ok', value: null })
    for (const node of ['n1', 'n2', 'n3']) await read(node, null)
  })

  test('NATS delivers each message once and in order, and drains the remaining messages', async () => {
    const { cluster, ask } = await startNats(['enqueue', 'dequeue', 'drain'], { 'ack-wait-ms': 600 })
    expect(await ask(onX('dequeue'), 'n1')).toEqual({ type: 'ok', value: null })
    for (const value of [1, 2, 3, 4]) expect(await ask(onX('enqueue', value), 'n2')).toEqual({ type: 'ok', value })
    expect(await ask(onX('dequeue'), 'n3')).toEqual({ type: 'ok', value: 1 })
    // Another client takes a message, and does not acknowledge it.
    const address = (
      cluster as unknown as { clientAddress(node: string): { host: string; port: number } }
    ).clientAddress('n1')
    const other = openJetStream({ node: 'n1', ...address })
    onTestFinished(() => other.close())
    const taken = await other.begin(5_000).ask({
      subject: `$JS.API.CONSUMER.MSG.NEXT.chaos-queues.=${Buffer.from('x y.*').toString('base64url')}`,
      payload: '{"batch":1}',
    })
    expect(taken).toMatchObject([{ payload: Buffer.from('2') }])
    const drained = await Promise.all(['n1', 'n2'].map((node) => ask(onX('drain'), node)))
    expect(drained.flatMap((each) => (each.type === 'ok' ? each.value : [each.error])).toSorted()).toEqual([2, 3, 4])
    expect(await ask(onX('dequeue'), 'n3')).toEqual({ type: 'ok', value: null })
  })
})

test('a NATS write fails for a wrong revision, and has an unknown outcome if there are no responders', async () => {
  const { outcomeOf } = await import('../../../../targets/src/clients/outcome-of.ts')
  const { natsErrors } = await import('../../../src/nats/client/outcomes.ts')
  expect(outcomeOf(natsErrors, 'wrong last sequence: 7')).toBe('fail')
  expect(outcomeOf(natsErrors, 'no responders')).toBe('info')
  expect(outcomeOf(natsErrors, '10008: JetStream system temporarily unavailable')).toBe('info')
  expect(outcomeOf(natsErrors, 'something new')).toBe('info')
})
