import { defineConfig } from 'chaosproxy'

const program = { entry: './server.ts', nodes: 1 }

export default defineConfig({
  target: 'service:hasty',
  // Seats are in memory only, so that a kill loses them: that is another story.
  faults: [],
  workload: { name: 'register', settings: { cas: 0.5 } },
  services: {
    hasty: { ...program, environment: { BOOKING: 'hasty' } },
    careful: { ...program, environment: { BOOKING: 'careful' } },
  },
})
