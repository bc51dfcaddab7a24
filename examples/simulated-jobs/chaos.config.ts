import { defineConfig } from 'chaosproxy'

const program = { entry: './server.ts', nodes: 1 }

export default defineConfig({
  target: 'service:hasty',
  faults: [],
  workload: 'queue',
  services: {
    hasty: { ...program, environment: { TAKING: 'hasty' } },
    careful: { ...program, environment: { TAKING: 'careful' } },
  },
})
