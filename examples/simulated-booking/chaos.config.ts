import { defineConfig } from 'chaosproxy'

const program = { entry: './server.ts', nodes: 1 }

export default defineConfig({
  target: 'service:hasty',
  // Without faults, because a kill would lose the seats, which are only in memory: that is not the bug shown here.
  faults: [],
  workload: { name: 'register', settings: { cas: 0.5 } },
  services: {
    hasty: { ...program, environment: { BOOKING: 'hasty' } },
    careful: { ...program, environment: { BOOKING: 'careful' } },
  },
})
