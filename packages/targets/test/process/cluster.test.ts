import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { linksBetween, type NodeId } from '@chaosproxy/faults'
import { millis, UserError } from '@chaosproxy/history'
import type { EmbeddedCluster } from '@chaosproxy/targets'
import { describe, expect, test } from 'vitest'
import { ask, eventually, inject, processExists, realClusters, stopped } from '../../../testing/src/real-cluster.ts'
import { encodeRecord } from '../../src/node/journal.ts'
import { isStopped } from '../../src/processes/process-tree.ts'

const { start, share, directory } = realClusters()

const write = (key: string, value: number) => ({ f: 'write', key, value }) as const
const read = (key: string) => ({ f: 'read', key, value: null }) as const
const pids = (cluster: EmbeddedCluster) => cluster.nodes.map((node) => cluster.pid(node))

const allLinks = ({ nodes }: EmbeddedCluster) =>
  nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => ({ from, to })))

/** Writes values at node n1, one after another, and then reads the last value at node n2. */
async function serves(cluster: EmbeddedCluster): Promise<void> {
  for (let value = 1; value <= 5; value++)
    await eventually(async () =>
      expect(await ask(cluster, 'n1', write('x', value), 1000)).toMatchObject({ type: 'ok' }),
    )
  await eventually(async () => expect(await ask(cluster, 'n2', read('x'), 1000)).toEqual({ type: 'ok', value: 5 }))
}

/**
 * On a busy machine, heartbeats may be late. The cluster may then have no leader for a while, and elect another one.
 */
const leaderOf = (cluster: EmbeddedCluster): Promise<NodeId> =>
  eventually(async () => {
    const leader = cluster.leader()
    if (leader === undefined) throw new Error('nobody leads')
    return leader
  })

describe('a cluster', () => {
  test('a cluster serves clients through every node, and runs each node in its own process', async () => {
    const cluster = await start()
    const leader = await eventually(async () => {
      const found = await leaderOf(cluster)
      expect(cluster.status().get(found)).toMatchObject({ role: 'leader', leads: true })
      return found
    })
    expect(new Set(pids(cluster)).size).toBe(3)
    await eventually(async () => expect(await ask(cluster, 'n1', write('x', 1))).toMatchObject({ type: 'ok' }))
    for (const node of cluster.nodes)
      await eventually(async () => expect(await ask(cluster, node, read('x'))).toEqual({ type: 'ok', value: 1 }))
    expect(readFileSync(cluster.logPath(leader), 'utf8')).toMatch(/^ +\d+\.\d{3} {2}.*leader, term \d+$/m)
    expect(cluster.trouble()).toEqual([])
  })

  test('the log of a cluster gives times as seconds since the cluster became ready', async () => {
    const cluster = await start()
    const lifeOf = async () => {
      const log = readFileSync(cluster.logPath('n2'), 'utf8')
      const [, life] = log.split('the cluster is ready; seconds count from here, as in the history\n')
      expect(life).toBeDefined()
      return life ?? ''
    }
    await eventually(lifeOf)
    const before = cluster.clock.now() / 1e9
    await (await inject(cluster, { kind: 'kill', nodes: ['n2'] }))()
    const after = cluster.clock.now() / 1e9
    const restarted = Number(/(\d+\.\d{3}) {2}n2 starts: raft/.exec(await lifeOf())?.[1])
    expect(restarted).toBeGreaterThanOrEqual(Math.floor(before * 1000) / 1000)
    expect(restarted).toBeLessThan(after)
  })

  test('a stop with a killed and a paused node leaves no process or listener behind', async () => {
    const cluster = await start()
    const all = pids(cluster)
    await inject(cluster, { kind: 'kill', nodes: ['n1'] })
    await inject(cluster, { kind: 'pause', nodes: ['n2'] })
    await stopped(cluster)
    expect(all.map(processExists)).toEqual([false, false, false])
    expect(await ask(cluster, 'n3', write('x', 1))).toEqual({ type: 'fail', error: 'connection refused' })
    await stopped(cluster)
  })

  test('a stop during the restart of a killed node leaves no process behind', async () => {
    const cluster = await start()
    const heal = await inject(cluster, { kind: 'kill', nodes: ['n1'] })
    const healing = heal()
    const all = await eventually(async () => {
      const found = pids(cluster)
      expect(found.every((pid) => pid !== undefined)).toBe(true)
      return found
    })
    await stopped(cluster)
    expect(await healing).toEqual({
      type: 'failed',
      error: 'n1 was not started again: the cluster is stopped',
      hits: 1,
    })
    expect(all.map(processExists)).toEqual([false, false, false])
  })

  test('the abort of a start ends every process of the cluster', async () => {
    const before = childrenOfThisProcess()
    const abort = new AbortController()
    const starting = start({ signal: abort.signal })
    setTimeout(() => abort.abort(), 60)
    await expect(starting).rejects.toThrow('the start of the cluster was aborted')
    expect(childrenSince(before)).toEqual([])
  })
})

describe('kills of nodes', () => {
  test('acknowledged writes survive a simultaneous kill of all nodes', async () => {
    const cluster = await start()
    await eventually(async () => expect(await ask(cluster, 'n1', write('x', 1))).toMatchObject({ type: 'ok' }))
    const before = pids(cluster)
    const heal = await inject(cluster, { kind: 'kill', nodes: cluster.nodes })
    expect(before.map(processExists)).toEqual([false, false, false])
    expect([...cluster.status().values()]).toEqual([undefined, undefined, undefined])
    expect(await ask(cluster, 'n1', write('x', 2))).toEqual({ type: 'fail', error: 'connection refused' })
    expect(await heal()).toEqual({ type: 'healed', hits: 3 })
    expect(pids(cluster)).not.toEqual(before)
    await eventually(async () => expect(await ask(cluster, 'n2', read('x'))).toEqual({ type: 'ok', value: 1 }))
    expect(await heal()).toEqual({ type: 'healed', hits: 3 })
  })

  test('a node restarts after two overlapping kills only when both kills are healed', async () => {
    const cluster = await start()
    const first = await inject(cluster, { kind: 'kill', nodes: ['n1'] })
    const second = await inject(cluster, { kind: 'kill', nodes: ['n1', 'n2'] })
    expect(await first()).toEqual({ type: 'healed', hits: 1 })
    expect(cluster.pid('n1')).toBeUndefined()
    expect(await second()).toEqual({ type: 'healed', hits: 1 })
    expect(pids(cluster).map(processExists)).toEqual([true, true, true])
  })

  test('a node that exits unexpectedly is reported as trouble', async () => {
    const cluster = await start()
    process.kill(cluster.pid('n2') as number, 'SIGKILL')
    await eventually(async () =>
      expect(cluster.trouble()).toEqual([expect.stringMatching(/^n2 ended by itself \(SIGKILL\).* \(.*n2\.log\)$/)]),
    )
    expect(cluster.status().get('n2')).toBeUndefined()
  })
})

describe('pauses of nodes', () => {
  test('a paused node has no status and sends no reply until it is resumed', async () => {
    const cluster = await start()
    const pid = cluster.pid('n1') as number
    const heal = await inject(cluster, { kind: 'pause', nodes: ['n1'] })
    expect(isStopped(pid)).toBe(true)
    expect(cluster.status().get('n1')).toBeUndefined()
    await eventually(async () =>
      expect(await ask(cluster, 'n1', write('x', 1), 100)).toEqual({ type: 'info', error: 'timeout after 100 ms' }),
    )
    expect(await heal()).toEqual({ type: 'healed', hits: 1 })
    expect(cluster.pid('n1')).toBe(pid)
    await eventually(async () => expect(cluster.status().get('n1')).toBeDefined())
    await eventually(async () => expect(await ask(cluster, 'n1', read('x'))).toMatchObject({ type: 'ok' }))
  })

  test('a node that is killed during a pause is still paused after it restarts', async () => {
    const cluster = await start()
    const resume = await inject(cluster, { kind: 'pause', nodes: ['n1'] })
    const restart = await inject(cluster, { kind: 'kill', nodes: ['n1'] })
    expect(await restart()).toEqual({ type: 'healed', hits: 1 })
    expect(isStopped(cluster.pid('n1') as number)).toBe(true)
    await resume()
    expect(isStopped(cluster.pid('n1') as number)).toBe(false)
  })
})

describe('faults on links', () => {
  test('a leader that is cut off from all other nodes is replaced, and becomes a follower after the cut heals', async () => {
    const cluster = await share()
    const old = await leaderOf(cluster)
    const others = cluster.nodes.filter((node) => node !== old)
    const heal = await inject(cluster, { kind: 'partition', links: linksBetween([[old], others]), mode: 'hold' })
    await eventually(async () => {
      const next = cluster.leader() ?? old
      expect(others).toContain(next)
      expect(await ask(cluster, next, write('x', 1))).toMatchObject({ type: 'ok' })
    })
    expect(await ask(cluster, old, read('x'), 400)).toMatchObject({ type: 'fail' })
    expect(await heal()).toMatchObject({ type: 'healed', hits: expect.toSatisfy((hits: number) => hits > 0) })
    await eventually(async () => expect(await ask(cluster, old, read('x'))).toEqual({ type: 'ok', value: 1 }))
  })

  test('cutting clients off from a node affects only clients of that node', async () => {
    const cluster = await share()
    const heal = await inject(cluster, { kind: 'partition', links: [{ from: 'clients', to: 'n1' }], mode: 'hold' })
    expect(await ask(cluster, 'n1', read('x'), 100)).toMatchObject({ type: 'fail', error: 'timeout after 100 ms' })
    await eventually(async () => expect(await ask(cluster, 'n2', read('x'))).toMatchObject({ type: 'ok' }))
    await heal()
    await eventually(async () => expect(await ask(cluster, 'n1', read('x'))).toMatchObject({ type: 'ok' }))
  })

  test('a leader whose messages are dropped is replaced, and no node reports trouble', async () => {
    const cluster = await share()
    await serves(cluster)
    const leader = await leaderOf(cluster)
    const others = cluster.nodes.filter((node) => node !== leader)
    // No other node receives the leader's messages, so the others elect a new leader. The old leader still receives the
    // messages of the other nodes.
    const links = others.map((to) => ({ from: leader, to }))
    const heal = await inject(cluster, { kind: 'drop-message', links })
    // If the old leader still leads, this write makes it send messages.
    await ask(cluster, leader, write('x', 6), 300)
    await eventually(async () => expect(others).toContain(cluster.leader()))
    expect(await heal()).toMatchObject({ type: 'healed', hits: expect.toSatisfy((hits: number) => hits > 0) })
    // Some messages may be lost for good, but the loss of a few messages stops no node.
    const few = await inject(cluster, { kind: 'drop-message', links: allLinks(cluster), when: { probability: 0.1 } })
    await serves(cluster)
    await few()
    expect(cluster.trouble()).toEqual([])
  })

  test.each([
    ['come twice', { kind: 'duplicate-message', copies: 1 }],
    ['are overtaken', { kind: 'reorder-message', behind: 1, withinMs: millis(20), when: { probability: 0.5 } }],
  ] as const)('the cluster serves clients although messages between nodes %s', async (_, harm) => {
    const cluster = await share()
    const heal = await inject(cluster, { ...harm, links: allLinks(cluster) })
    await serves(cluster)
    expect(await heal()).toMatchObject({ type: 'healed', hits: expect.toSatisfy((hits: number) => hits > 0) })
    expect(cluster.trouble()).toEqual([])
  })

  const fromClients = ({ nodes }: EmbeddedCluster) => nodes.map((to) => ({ from: 'clients', to }))

  test('a write whose reply is lost is reported as info, and takes effect', async () => {
    const cluster = await share()
    await serves(cluster)
    const links = fromClients(cluster)
    const heal = await inject(cluster, { kind: 'lose-reply', links, silence: 'reset', match: { method: 'PUT' } })
    await eventually(async () => {
      expect(await ask(cluster, 'n1', write('x', 6))).toMatchObject({ type: 'info' })
      expect(await ask(cluster, 'n1', read('x'))).toEqual({ type: 'ok', value: 6 })
    })
    expect(await heal()).toMatchObject({ type: 'healed', hits: expect.toSatisfy((hits: number) => hits > 0) })
    await serves(cluster)
  })

  test('a write whose request is lost is never executed', async () => {
    const cluster = await share()
    await serves(cluster)
    const lost = {
      kind: 'lose-request',
      links: fromClients(cluster),
      silence: 'reset',
      match: { method: 'PUT' },
    } as const
    const heal = await inject(cluster, lost)
    expect(await ask(cluster, 'n1', write('x', 7), 30_000)).toMatchObject({ type: 'info' })
    await eventually(async () => expect(await ask(cluster, 'n1', read('x'))).toEqual({ type: 'ok', value: 5 }))
    expect(await heal()).toMatchObject({ type: 'healed', hits: 1 })
  })

  test('a node that crashes before its reply is restarted when the fault heals', async () => {
    const cluster = await share()
    await serves(cluster)
    const before = cluster.pid('n2')
    const links = [{ from: 'clients', to: 'n2' }]
    const heal = await inject(cluster, { kind: 'crash-before-reply', links, when: { first: 1 } })
    expect(await ask(cluster, 'n2', write('x', 8), 30_000)).toMatchObject({ type: 'info' })
    await eventually(async () => expect(cluster.pid('n2')).toBeUndefined())
    expect(await heal()).toMatchObject({ type: 'healed', hits: 1 })
    await eventually(async () => expect(await ask(cluster, 'n2', read('x'), 1000)).toMatchObject({ type: 'ok' }))
    expect(cluster.pid('n2')).not.toBe(before)
    expect(cluster.trouble()).toEqual([])
  })

  test('a link fault is refused with a reason if the link cannot carry the fault, or if the fault is unsupported', async () => {
    const cluster = await share()
    const links = [{ from: 'n1', to: 'n2' }]
    await expect(inject(cluster, { kind: 'lose-reply', links, silence: 'hang' })).rejects.toThrow(
      'n1>n2 carries nothing that lose-reply can act on',
    )
    await expect(inject(cluster, { kind: 'drop-datagram', links })).rejects.toThrow('not datagrams. Instead: loss')
  })

  test('a fault is refused if its link carries no messages, or if its node is unknown', async () => {
    const cluster = await share()
    const loss = { kind: 'drop-message', links: [{ from: 'clients', to: 'n2' }] } as const
    await expect(inject(cluster, loss)).rejects.toThrow('clients>n2 carries nothing that drop-message can act on')
    await expect(inject(cluster, { ...loss, links: [{ from: 'n1', to: 'n9' }] })).rejects.toThrow('there is no node n9')
    await expect(inject(cluster, { kind: 'kill', nodes: ['n9'] })).rejects.toThrow(
      'there is no node n9; there are n1, n2, n3',
    )
    const links = [{ from: 'n1', to: 'n9' }]
    await expect(inject(cluster, { kind: 'partition', links, mode: 'drop' })).rejects.toThrow('there is no node n9')
  })
})

describe('errors at the start of a cluster', () => {
  test('a data directory that cannot be created is reported', async () => {
    const file = join(directory(), 'a file')
    writeFileSync(file, '')
    await expect(start({ dataDir: file })).rejects.toThrow(/a file.n1 cannot be made \(E.*Choose a directory/)
  })

  test('a log that cannot be written is reported', async () => {
    const before = childrenOfThisProcess()
    const logDir = directory()
    mkdirSync(join(logDir, 'n2.log'))
    await expect(start({ logDir })).rejects.toThrow(/n2\.log cannot be written/)
    expect(childrenSince(before)).toEqual([])
  })

  test('a journal damaged in the middle is reported with its path and the last lines of the log', async () => {
    const before = childrenOfThisProcess()
    const dataDir = directory()
    mkdirSync(join(dataDir, 'n2'))
    const damaged = encodeRecord({ kind: 'vote' }).replace('vote', 'vole')
    writeFileSync(join(dataDir, 'n2', 'journal.log'), damaged + encodeRecord({ kind: 'vote' }))
    const error = await start({ dataDir }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).code).toBe('environment')
    expect((error as UserError).message).toMatch(
      /^n2 did not start \(exit code 1\)\. The last lines of its log:\n.*record 1 at byte 0 is corrupt.*\nIts log is .*n2\.log$/s,
    )
    expect(childrenSince(before)).toEqual([])
  })

  test('a full disk is reported', async () => {
    const dataDir = directory()
    for (const node of ['n1', 'n2', 'n3']) {
      mkdirSync(join(dataDir, node))
      symlinkSync('/dev/full', join(dataDir, node, 'journal.log'))
    }
    await expect(start({ dataDir })).rejects.toThrow(/n\d ended while the cluster was starting.*ENOSPC/s)
  })

  test('an unknown protocol and a cluster without nodes are refused', async () => {
    await expect(start({ protocol: 'rafd' })).rejects.toThrow(/no protocol "rafd". There are: raft/)
    await expect(start({ nodes: 0 })).rejects.toThrow('the number of nodes is 0. Give a whole number, 1 or more')
  })

  test('a node that is not ready before the timeout is reported', async () => {
    const before = childrenOfThisProcess()
    await expect(start({ startupTimeoutMs: 1 })).rejects.toThrow(/n\d was not ready within 1 ms/)
    expect(childrenSince(before)).toEqual([])
  })
})

/** The running child processes of this process. The children of earlier test files may still be about to end. */
const childrenOfThisProcess = (): readonly string[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean)

const childrenSince = (before: readonly string[]): readonly string[] =>
  childrenOfThisProcess().filter((pid) => !before.includes(pid))
