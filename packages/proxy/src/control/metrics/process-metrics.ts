import { counter, gauge, type Metric, only } from './format.ts'

const MICROSECONDS_PER_S = 1e6

export function processMetrics(): readonly Metric[] {
  const { user, system } = process.cpuUsage()
  return [
    counter('process_cpu_seconds_total', 'CPU time of the process.', only((user + system) / MICROSECONDS_PER_S)),
    gauge('process_resident_memory_bytes', 'Memory of the process.', only(process.memoryUsage.rss())),
    gauge('process_start_time_seconds', 'When the process began, in Unix time.', only(startedAtSeconds)),
  ]
}

const startedAtSeconds = Date.now() / 1000 - process.uptime()
