import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { check } from '@chaosproxy/checker'
import { type History, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { createRecorder } from '../../../../recorder/src/record/recorder.ts'
import { parseRouteTable } from '../../../../recorder/src/routes/parsing/parse-table.ts'
import type { RouteTable } from '../../../../recorder/src/routes/table/route-table.ts'
import { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import {
  type EtcdMember,
  freePort,
  installed,
  type RealServer,
  startEtcd,
  startOneEtcd,
  whySkipped,
} from '../../../../testing/src/servers.ts'
import { eventually, network } from '../../../../testing/src/sockets.ts'
import { createHttpFaults } from '../../../src/http/http-faults.ts'
import { byPreface } from '../../../src/http2/by-preface.ts'
import { createHttp2Faults } from '../../../src/http2/http2-faults.ts'
import { startRunClock } from '../../../src/record-file/run-clock.ts'
import { etcdctlRoutes, etcdMessages, gatewayRoutes } from '../../grpc/etcd-table.ts'

const etcd = installed('etcd')
const etcdctl = installed('etcdctl')
const bothTable = parseRouteTable({ ...etcdMessages, routes: [...gatewayRoutes, ...etcdctlRoutes] }, 'etcd.json')

const manual = readFileSync(new URL('../../../../recorder/docs/HTTP2.md', import.meta.url), 'utf8')
const tableInManual = /```json\n(\{\n {2}"messages".*?)```/s.exec(manual)?.[1] ?? ''
const manualTable = parseRouteTable(JSON.parse(tableInManual), 'HTTP2.md')

/** Opens a recorded route to each server. Its clients may use HTTP/1.1 or HTTP/2. */
async function recordedWays(servers: readonly RealServer[], table: RouteTable) {
  const view = new RecordedLines()
  const recorder = createRecorder({ now: startRunClock(), client: view })
  const http = createHttpFaults({ seed: 1, recorder })
  const http2 = createHttp2Faults({ seed: 1, recorder })
  const created = network()
  const ports: number[] = []
  for (const [i, upstream] of servers.entries()) {
    const way = { from: 'clients', to: `n${i + 1}`, table }
    const intercept = byPreface({ http1: http.intercept(way), http2: http2.intercept(way) })
    ports.push((await created.route({ ...way, upstream, intercept })).port)
  }
  return { ports, view, recorder }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** Sends a request to the JSON gateway, and returns the response. */
async function gateway(
  port: number,
  path: string,
  body: object,
): Promise<{ readonly kvs?: readonly { value: string }[] }> {
  const answer = await fetch(`http://127.0.0.1:${port}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
  return (await answer.json()) as { readonly kvs?: readonly { value: string }[] }
}

const putByGateway = (port: number, key: string, value: string) =>
  gateway(port, 'kv/put', { key: base64(key), value: base64(value) })

async function getByGateway(port: number, key: string, more: object = {}): Promise<string> {
  const { kvs } = await gateway(port, 'kv/range', { key: base64(key), ...more })
  return Buffer.from(kvs?.[0]?.value ?? '', 'base64').toString()
}

async function ctl(port: number, ...args: readonly string[]): Promise<string> {
  const options = { env: { ...process.env, ETCDCTL_API: '3' } }
  const { stdout } = await promisify(execFile)(etcdctl ?? '', ['--endpoints', `127.0.0.1:${port}`, ...args], options)
  return stdout.trim()
}

function linearizable(history: History) {
  return check(history, {
    model: 'register',
    initial: 'unknown',
    levels: ['linearizable'],
    failedCas: 'drop',
    deadlineMs: millis(10_000),
    memoryBytes: 2 ** 28,
    now: () => millis(performance.now()),
  }).levels.linearizable
}

describe.skipIf(etcd === undefined || etcdctl === undefined)(
  `etcdctl alongside the JSON gateway (${whySkipped('etcd', 'etcdctl')})`,
  () => {
    test('etcd is judged linearizable if there are routes for both gRPC and JSON', async () => {
      const { ports, view, recorder } = await recordedWays([await startOneEtcd(etcd ?? '')], bothTable)
      const [port = 0] = ports
      expect(await ctl(port, 'get', 'x', '--print-value-only')).toBe('')
      expect(await getByGateway(port, 'x')).toBe('')
      for (let round = 0; round < 3; round++) {
        await putByGateway(port, 'x', `g${round}`)
        expect(await ctl(port, 'get', 'x', '--print-value-only')).toBe(`g${round}`)
        expect(await ctl(port, 'put', 'x', `c${round}`)).toBe('OK')
        expect(await getByGateway(port, 'x')).toBe(`c${round}`)
      }
      await eventually(() => recorder.counters.open === 0)
      expect(recorder.counters).toMatchObject({ operations: 14, ok: 14, unmatched: 0, notUnderstood: 0 })
      expect(new Set(view.events.map(({ key }) => key))).toEqual(new Set([base64('x')]))
      expect(linearizable(view.history).result).toBe('met')
      await ctl(port, 'get', '--prefix', 'x')
      expect(recorder.counters).toMatchObject({ operations: 14, unmatched: 1, touched: 0 })
    })

    test('the route table in the manual ignores reads of old revisions, reads of only keys, and reads of counts', async () => {
      const { ports, view, recorder } = await recordedWays([await startOneEtcd(etcd ?? '')], manualTable)
      const [port = 0] = ports
      const revisionOf = async (text: Promise<string>) => JSON.parse(await text).header.revision as number
      const first = await revisionOf(ctl(port, 'put', 'x', 'old', '-w', 'json'))
      await ctl(port, 'put', 'x', 'new')
      for (const way of [1, 2]) {
        expect(await ctl(port, 'get', 'x', '--rev', `${first}`, '--print-value-only')).toBe('old')
        expect(await ctl(port, 'get', 'x', '--keys-only')).toBe('x')
        expect(await ctl(port, 'get', 'x', '--write-out', 'fields', '--limit', '1')).toContain('new')
        expect(await ctl(port, 'get', 'x', 'y', '--keys-only')).toBe('x')
        for (const more of [{ revision: first }, { keys_only: true }, { count_only: true }, { min_mod_revision: 99 }])
          await gateway(port, 'kv/range', { key: base64('x'), ...more })
        expect(await getByGateway(port, 'x')).toBe('new')
        if (way === 1) await putByGateway(port, 'x', 'new')
      }
      await ctl(port, 'del', 'x')
      expect(await ctl(port, 'get', 'x')).toBe('')
      await eventually(() => recorder.counters.open === 0)
      // 3 writes, a deletion, and 5 reads.
      expect(recorder.counters).toMatchObject({ operations: 9, ok: 9, unmatched: 14, touched: 0, notUnderstood: 0 })
      expect(linearizable(view.history)).toMatchObject({ result: 'met' })
    })

    test('the route table in the manual allows a key with a lease to disappear', async () => {
      const server = await startOneEtcd(etcd ?? '')
      const { ports, view, recorder } = await recordedWays([server], manualTable)
      const [port = 0] = ports
      const granted = await ctl(port, 'lease', 'grant', '600', '-w', 'json')
      const lease = BigInt(/"ID":(\d+)/.exec(granted)?.[1] ?? '0').toString(16)
      await ctl(port, 'put', 'x', 'leased', '--lease', lease)
      await ctl(port, 'put', 'y', 'kept')
      expect(await ctl(port, 'get', 'x', '--print-value-only')).toBe('leased')
      // Revoke the lease at the server, not through the proxy. An expiry would not pass through the proxy either.
      await ctl(server.port, 'lease', 'revoke', lease)
      expect(await ctl(port, 'get', 'x')).toBe('')
      await ctl(port, 'put', 'x', 'again')
      expect(await ctl(port, 'get', 'x', '--print-value-only')).toBe('again')
      await eventually(() => recorder.counters.open === 0)
      expect(recorder.counters).toMatchObject({ touched: 0, notUnderstood: 0, info: 1 })
      expect(linearizable(view.history)).toMatchObject({ result: 'met' })
      await ctl(server.port, 'put', 'x', 'leased')
      expect(await ctl(port, 'get', 'x', '--print-value-only')).toBe('leased')
      await eventually(() => recorder.counters.open === 0)
      expect(linearizable(view.history)).toMatchObject({ result: 'violated' })
    })

    test('the verdict on etcd is unknown and names the unrecorded gRPC writes if only the JSON gateway has routes', async () => {
      const table = parseRouteTable({ routes: gatewayRoutes }, 'etcd.json')
      const { ports, view } = await recordedWays([await startOneEtcd(etcd ?? '')], table)
      const [port = 0] = ports
      await putByGateway(port, 'x', 'g')
      await ctl(port, 'put', 'x', 'c')
      expect(await getByGateway(port, 'x')).toBe('c')
      expect(view.remarks).toContainEqual(['touched', expect.objectContaining({ what: 'POST /etcdserverpb.KV/Put' })])
      const verdict = linearizable(view.history)
      expect(verdict.result).toBe('unknown')
      expect(JSON.stringify(verdict)).toContain('POST /etcdserverpb.KV/Put')
    })

    test('the verdict on etcd is "violated" after a stale read from a follower', async () => {
      const { servers, leader } = await slowCluster()
      const { ports, view, recorder } = await recordedWays(servers, bothTable)
      const leaderPort = ports[leader] ?? 0
      const followerPort = ports[(leader + 1) % 3] ?? 0
      await ctl(leaderPort, 'put', 'x', 'old')
      const follower = servers[(leader + 1) % 3]?.port ?? 0
      while ((await getByGateway(follower, 'x', { serializable: true })) !== 'old');
      await ctl(leaderPort, 'put', 'x', 'new')
      expect(await getByGateway(followerPort, 'x', { serializable: true })).toBe('old')
      // By default, the follower asks the leader before it responds.
      expect(await ctl(followerPort, 'get', 'x', '--print-value-only')).toBe('new')
      await eventually(() => recorder.counters.open === 0)
      expect(linearizable(view.history).result).toBe('violated')
    })
  },
)

/** Starts three members that get each other's messages late. Returns them, and which of them is the leader. */
async function slowCluster(): Promise<{ readonly servers: readonly RealServer[]; readonly leader: number }> {
  const peers = network()
  const names = ['n1', 'n2', 'n3']
  const members = await Promise.all(
    names.map(async (name): Promise<EtcdMember> => {
      const peerPort = await freePort()
      const route = await peers.route({ from: 'peers', to: name, upstream: { host: '127.0.0.1', port: peerPort } })
      return { name, peerPort, peerUrl: `http://127.0.0.1:${route.port}` }
    }),
  )
  const servers = await Promise.all(members.map((member) => startEtcd(etcd ?? '', member, members)))
  const statuses = await Promise.all(
    servers.map(async ({ port }) => {
      const answer = await fetch(`http://127.0.0.1:${port}/v3/maintenance/status`, { method: 'POST', body: '{}' })
      return (await answer.json()) as { readonly leader: string; readonly header: { readonly member_id: string } }
    }),
  )
  const leader = statuses.findIndex((status) => status.header.member_id === status.leader)
  const links = names.flatMap((name) => [
    { from: 'peers', to: name },
    { from: name, to: 'peers' },
  ])
  peers.apply({ kind: 'latency', latencyMs: millis(250), jitterMs: millis(0), links })
  return { servers, leader }
}
