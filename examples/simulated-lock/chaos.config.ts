import { defineConfig } from 'chaosproxy'

// In runs with real processes, a redis-server replaces the simulated Redis.
const program = { entry: './server.ts', nodes: 3, redis: 'simulated' } as const

export default defineConfig({
  target: 'service:plain',
  faults: ['pause'],
  workload: { name: 'counter', settings: { keys: 1 } },
  // For real processes: each request holds the same lock for milliseconds, so more requests would only wait.
  rate: 100,
  services: {
    plain: { ...program, environment: { LOCK: 'plain' } },
    fenced: { ...program, environment: { LOCK: 'fenced' } },
  },
})
