import { defineConfig } from 'chaosproxy'

// On processes, a redis-server takes the place of the simulated one.
const program = { entry: './server.ts', nodes: 3, redis: 'simulated' } as const

export default defineConfig({
  target: 'service:plain',
  faults: ['pause'],
  workload: { name: 'counter', settings: { keys: 1 } },
  // On processes: one lock is held for milliseconds, and more requests than that would only wait.
  rate: 100,
  services: {
    plain: { ...program, environment: { LOCK: 'plain' } },
    fenced: { ...program, environment: { LOCK: 'fenced' } },
  },
})
