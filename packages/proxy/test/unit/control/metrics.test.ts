import { createRecorder } from '@chaosproxy/recorder'
import { expect, test } from 'vitest'
import { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { formatMetrics } from '../../../src/control/metrics/format.ts'
import { startRunClock } from '../../../src/record-file/run-clock.ts'
import { control } from '../../control/control-plane.ts'
import { latency } from '../../control/two-proxies.ts'

test('metrics are written with their labels, and labels are escaped', () => {
  const text = formatMetrics([
    {
      name: 'a',
      help: 'Of a.',
      type: 'histogram',
      samples: [
        { labels: {}, value: 1 },
        { labels: { x: 'b"c\\d\ne', y: '' }, value: 2, part: 'sum' },
      ],
    },
    { name: 'b', help: 'Of b.', type: 'gauge', samples: [] },
  ])
  expect(text).toBe(
    '# HELP a Of a.\n# TYPE a histogram\na 1\na_sum{x="b\\"c\\\\d\\ne",y=""} 2\n# HELP b Of b.\n# TYPE b gauge\n',
  )
})

test('the metrics of a recorded proxy show its faults, its operations and the verdict so far', async () => {
  const recorder = createRecorder({ now: startRunClock(), client: new RecordedLines(), backend: new RecordedLines() })
  Object.defineProperty(recorder, 'counters', { value: { ok: 3, fail: 2, info: 1, unmatched: 4 } })
  const { ask } = await control({
    recording: {
      recorder,
      files: [{ statistics: { path: 'a.jsonl', behindBytes: 5 } } as never],
      judging: {
        judged: () => ({ level: 'linearizable', soFar: 'not linearizable' }),
        onViolation: () => undefined,
      },
    },
  })
  for (const name of ['on', 'off'])
    await ask('POST', '/proxies', { name, upstream: '127.0.0.1:1', enabled: name === 'on' })
  expect((await ask('PUT', '/v1/faults/slow', { ...latency, links: ['clients>on'] })).status).toBe(201)
  const { text } = await ask('GET', '/metrics')
  const lines = text.split('\n')
  const numberOf = (name: string) => Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1])
  for (const line of [
    'chaos_proxy_enabled{proxy="on"} 1',
    'chaos_proxy_enabled{proxy="off"} 0',
    'chaos_fault_hits_total{fault="slow",kind="latency"} 0',
    'chaos_rules_epoch 1',
    'chaos_recorded_operations_total{outcome="ok"} 3',
    'chaos_recorded_operations_total{outcome="fail"} 2',
    'chaos_recorded_operations_total{outcome="info"} 1',
    'chaos_unmatched_requests_total 4',
    'chaos_recorded_verdict{verdict="linearizable"} 0',
    'chaos_recorded_verdict{verdict="not linearizable"} 1',
    'chaos_recorded_verdict{verdict="not certain"} 0',
    'chaos_record_behind_bytes{file="a.jsonl"} 5',
    'chaos_link_hits_total{link="clients>on"} 0',
  ])
    expect(lines).toContain(line)
  const { user, system } = process.cpuUsage()
  expect(numberOf('process_cpu_seconds_total')).toBeCloseTo((user + system) / 1e6, 0)
  expect(numberOf('process_start_time_seconds')).toBeCloseTo(Date.now() / 1000 - process.uptime(), 0)
})

test('the proxy exports no operation metrics without a recording, and no verdict metric without a check', async () => {
  const recorder = createRecorder({ now: startRunClock(), client: new RecordedLines(), backend: new RecordedLines() })
  const texts = await Promise.all(
    [undefined, { recorder, files: [] }].map(async (recording) => {
      const { ask } = await control(recording === undefined ? {} : { recording })
      return (await ask('GET', '/metrics')).text
    }),
  )
  expect(texts.map((text) => text.includes('chaos_recorded_operations_total'))).toEqual([false, true])
  expect(texts.map((text) => text.includes('chaos_recorded_verdict'))).toEqual([false, false])
})
