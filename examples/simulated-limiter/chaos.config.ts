import { defineConfig } from 'chaosproxy'

// In runs with real processes, a redis-server replaces the simulated Redis.
const program = { entry: './server.ts', nodes: 2, redis: 'simulated' } as const

export default defineConfig({
  target: 'service:hasty',
  faults: [],
  workload: './logins.ts',
  services: {
    hasty: { ...program, environment: { LIMITER: 'hasty' } },
    careful: { ...program, environment: { LIMITER: 'careful' } },
  },
})
