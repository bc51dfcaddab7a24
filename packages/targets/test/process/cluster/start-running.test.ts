import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { eventually, processExists } from '../../../../testing/src/real-cluster.ts'
import { isStopped } from '../../../src/processes/process-tree.ts'
import { declaredClusters, targetOf } from '../../cluster/clusters.ts'
import { type SomeonesCluster, someonesCluster } from '../../cluster/running.ts'

const { start, directory } = declaredClusters()
const ok = (value: number | null) => ({ type: 'ok', value })
const open: SomeonesCluster[] = []
afterEach(() => {
  for (const cluster of open.splice(0)) cluster.end()
})

async function someones(flags: readonly string[] = []) {
  const made = await someonesCluster({ directory: directory(), flags })
  open.push(made)
  return made
}

describe('a cluster that is already running', () => {
  test('a running cluster serves clients through the proxy, and keeps running after the run', async () => {
    const theirs = await someones()
    const { write, read, cluster } = await start(theirs.declaration)
    expect(cluster.leader()).toBe('n1')
    expect(await write('n2', 'x', 7)).toEqual(ok(7))
    expect(await read('n3', 'x')).toEqual(ok(7))
    await new Promise<void>((resolve) => cluster.stop(resolve))
    expect(['n1', 'n2', 'n3'].map((id) => processExists(theirs.pid(id)))).toEqual([true, true, true])
  })

  test('the nodes of a running cluster are killed and restarted by the declared commands', async () => {
    const theirs = await someones()
    const { read, inject, cluster } = await start(theirs.declaration)
    const first = theirs.pid('n1')
    const heal = await inject({ kind: 'kill', nodes: ['n1'] })
    await eventually(async () => expect(processExists(first)).toBe(false))
    expect(cluster.status().get('n1')).toBeUndefined()
    expect(await read('n1', 'x')).toMatchObject({ type: 'fail' })
    expect(await heal()).toEqual({ type: 'healed', hits: 1 })
    expect(theirs.pid('n1')).not.toBe(first)
    expect(await read('n1', 'x')).toEqual(ok(null))
  })

  test('the nodes of a running cluster are paused and resumed by the declared commands', async () => {
    const theirs = await someones()
    const { inject } = await start(theirs.declaration)
    const heal = await inject({ kind: 'pause', nodes: ['n2'] })
    await eventually(async () => expect(isStopped(theirs.pid('n2'))).toBe(true))
    await heal()
    await eventually(async () => expect(isStopped(theirs.pid('n2'))).toBe(false))
  })

  test('a running cluster can be partitioned if its nodes dial the proxy', async () => {
    const theirs = await someones(['--async', '--local'])
    const { write, read, inject } = await start(theirs.declaration)
    const links = [
      { from: 'n1', to: 'n3' },
      { from: 'n3', to: 'n1' },
    ]
    const heal = await inject({ kind: 'partition', links, mode: 'hold' })
    expect(await write('n1', 'x', 7)).toEqual(ok(7))
    await eventually(async () => expect(await read('n2', 'x')).toEqual(ok(7)))
    expect(await read('n3', 'x')).toEqual(ok(null))
    await heal()
    await eventually(async () => expect(await read('n3', 'x')).toEqual(ok(7)))
  })

  test('a running cluster is restored if the run stops while faults are in force', async () => {
    const theirs = await someones()
    const { inject, cluster } = await start(theirs.declaration)
    await inject({ kind: 'kill', nodes: ['n1'] })
    await inject({ kind: 'pause', nodes: ['n2'] })
    await new Promise<void>((resolve) => cluster.stop(resolve))
    expect(processExists(theirs.pid('n1'))).toBe(true)
    await eventually(async () => expect(isStopped(theirs.pid('n2'))).toBe(false))
  })

  test('a fault command that fails or times out is reported, and its possible effects are undone', async () => {
    const theirs = await someones()
    const notes = join(directory(), 'undone')
    const undo = ['/bin/sh', '-c', `echo undone >> ${notes}`]
    const slow = { do: ['sleep', '300'], undo, withinMs: 200 }
    const wrong = { do: ['/bin/sh', '-c', 'echo "no such container: kv-1" >&2; exit 125'], undo }
    const { inject } = await start({ ...theirs.declaration, faults: { kill: slow, pause: wrong } })
    await expect(inject({ kind: 'kill', nodes: ['n1'] })).rejects.toThrow(
      'n1: sleep 300 failed (it took longer than 200 ms)',
    )
    await expect(inject({ kind: 'pause', nodes: ['n1'] })).rejects.toThrow(
      /failed \(exit code 125\)\. The last lines of its log:\n {2}no such container: kv-1/,
    )
    expect(readFileSync(notes, 'utf8')).toBe('undone\nundone\n')
  })

  test('a running cluster is refused if it holds data of an earlier run', async () => {
    const theirs = await someones()
    const first = await start(theirs.declaration)
    await first.write('n1', 'x', 7)
    await new Promise<void>((resolve) => first.cluster.stop(resolve))
    await expect(start(theirs.declaration)).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringMatching(
        /^n\d holds data already: a read of x before the run returned 7, not null\. Delete this data/,
      ),
    })
    const keyed = { ...theirs.declaration, client: { ...theirs.declaration.client, keys: '{key}-{run}' } }
    const second = await start(keyed)
    expect(await second.read('n1', 'x')).toEqual(ok(null))
  })

  test('a running cluster is refused with the name of a node whose address is unreachable', async () => {
    const theirs = await someones()
    theirs.end()
    const { declaration } = theirs
    await expect(start({ ...declaration, readyWithinMs: 300 })).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringMatching(
        /^n\d was not ready within 300 ms\. A node is ready once it answers http:\/\/127\.0\.0\.1:\d+\/health with a status from 200 to 299\. Check that n\d is up, and that the address is right\.$/,
      ),
    })
  })

  test('a running cluster refuses a kill without a declared command, and a partition without declared links', () => {
    const nodes = [{ addresses: { client: '127.0.0.1:1' } }, { addresses: { client: '127.0.0.1:2' } }]
    const client = { kind: 'http', routes: { routes: [{ request: 'GET /{key}', f: 'read', result: 'json' }] } }
    const target = targetOf({ nodes, client })
    expect(target.supports('kill')).toMatchObject({ not: expect.stringContaining('"faults": {"kill":') })
    expect(target.supports('partition', 'nodes')).toMatchObject({ not: expect.stringContaining('"links"') })
    expect(target.supports('partition', 'clients')).toBe(true)
    expect(target.supports('lose-reply', 'clients')).toBe(true)
  })
})
