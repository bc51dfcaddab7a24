import { defineConfig } from 'chaosproxy'

// On processes, a redis-server takes the place of the simulated one.
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
