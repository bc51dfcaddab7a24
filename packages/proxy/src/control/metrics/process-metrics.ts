import type { Metric } from './format.ts'

const MICROSECONDS_PER_S = 1e6

export function processMetrics(): readonly Metric[] {
  const { user, system } = process.cpuUsage()
  const gauge = (name: string, help: string, value: number): Metric => ({
    name,
    help,
    type: 'gauge',
    samples: [{ labels: {}, value }],
  })
  return [
    {
      name: 'process_cpu_seconds_total',
      help: 'CPU time of the process.',
      type: 'counter',
      samples: [{ labels: {}, value: (user + system) / MICROSECONDS_PER_S }],
    },
    gauge('process_resident_memory_bytes', 'Memory of the process.', process.memoryUsage.rss()),
    gauge('process_start_time_seconds', 'When the process began, in Unix time.', startedAtSeconds),
  ]
}

const startedAtSeconds = Date.now() / 1000 - process.uptime()
