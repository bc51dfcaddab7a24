import { defineConfig } from 'chaosproxy'

const program = { entry: './server.ts', nodes: 2, beside: { pg: { postgres: './schema.sql' } } } as const

export default defineConfig({
  faults: [],
  workload: 'counter',
  services: {
    hasty: { ...program, environment: { SHOP: 'hasty' } },
    careful: { ...program, environment: { SHOP: 'careful' } },
  },
})
