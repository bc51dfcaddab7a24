import { registries } from '@chaosproxy/engine/worlds'
import { type Event, nanos } from '@chaosproxy/history'
import { formatMetrics } from '@chaosproxy/proxy/control'
import { completeRun, type PlannedRun, planRun } from '@chaosproxy/runner'
import { expect, onTestFinished, test } from 'vitest'
import { createRunMetrics } from '../../../src/metrics/run-metrics.ts'
import { serveMetrics } from '../../../src/metrics/serve.ts'
import { parseMetrics } from '../../../src/run/output.ts'

const planned = async (): Promise<PlannedRun> =>
  planRun(await completeRun({ target: 'sim:raft' }, registries, { where: 'test', seed: 7 }), registries, 'test')

const event = (members: Partial<Event> & Pick<Event, 'time' | 'type'>) =>
  ({ type: 'event', event: { index: 0, process: 1, f: 'read', key: 'x', value: null, ...members } }) as const

test('a run exports the outcomes and durations of its operations in the format of Prometheus', async () => {
  const metrics = createRunMetrics(await planned())
  for (const [process, type, ms] of [
    [1, 'ok', 3],
    [2, 'ok', 40],
    [3, 'info', 900],
  ] as const) {
    metrics.note(event({ time: nanos(0), type: 'invoke', process }))
    metrics.note(event({ time: nanos(ms * 1e6), type, process }))
  }
  metrics.note(event({ time: nanos(0), type: 'invoke', process: 4 }))
  metrics.note(
    event({ time: nanos(5), type: 'info', process: 'nemesis', f: 'kill', value: { id: 'f1', nodes: ['n1'] } }),
  )
  const text = formatMetrics(metrics.read())
  expect(text).toContain('chaos_run_info{target="sim:raft",workload="register",seed="7"} 1\n')
  expect(text).toContain('chaos_run_operations_total{function="read",outcome="ok"} 2\n')
  expect(text).toContain('chaos_run_operations_total{function="read",outcome="info"} 1\n')
  expect(text).toContain('chaos_run_open_operations 1\n')
  expect(text).toContain('# TYPE chaos_run_operation_seconds histogram\n')
  expect(text).toContain('chaos_run_operation_seconds_bucket{function="read",le="0.005"} 1\n')
  expect(text).toContain('chaos_run_operation_seconds_bucket{function="read",le="+Inf"} 2\n')
  expect(text).toContain('chaos_run_operation_seconds_count{function="read"} 2\n')
  expect(text).toContain('chaos_run_faults_total{kind="kill"} 1\n')
})

test('the status of a run shows the faults in force, the live nodes, the leader, and the verdict so far', async () => {
  const metrics = createRunMetrics(await planned())
  const status = { role: 'leader', leads: true, term: 1 }
  metrics.note({
    type: 'status',
    progress: {
      ...{
        stage: 'working',
        elapsed: nanos(2e9),
        counts: { ok: 0, fail: 0, info: 0 },
        level: 'linearizable',
        soFar: 'not linearizable',
      },
      activeFaults: [{ kind: 'kill', nodes: ['n2'] }],
      leader: { node: 'n1', term: 1 },
      nodes: [{ node: 'n1', status }, { node: 'n2' }],
    },
  })
  const text = formatMetrics(metrics.read())
  for (const line of ['faults_in_force{kind="kill"} 1', 'node_up{node="n2"} 0', 'node_leads{node="n1"} 1'])
    expect(text).toContain(`chaos_run_${line}\n`)
  expect(text).toContain('chaos_run_verdict{verdict="not linearizable"} 1\n')
})

test('metrics are served to Prometheus, but not to pages of other origins', async () => {
  const server = await serveMetrics('127.0.0.1:0')
  onTestFinished(() => server.close())
  server.follow(await planned())
  const response = await fetch(server.url)
  expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('chaos_run_info')])
  expect(response.headers.get('content-type')).toContain('version=0.0.4')
  expect((await fetch(server.url.replace('/metrics', '/'))).status).toBe(404)
  expect((await fetch(server.url, { headers: { origin: 'http://evil.example' } })).status).toBe(403)
})

test('--metrics refuses an invalid address', () => {
  expect(() => parseMetrics({ metrics: '9464' })).toThrow('--metrics 9464: write host:port')
})
