import { defineConfig } from 'chaosproxy'

const sellingBy = (way: string) => ({
  entry: './server.ts',
  nodes: 2,
  environment: { SHOP: way },
  beside: { pg: { postgres: './schema.sql' } },
})

export default defineConfig({
  faults: [],
  workload: 'counter',
  services: {
    hasty: sellingBy('hasty'),
    apart: sellingBy('apart'),
    careful: sellingBy('careful'),
    single: sellingBy('single'),
    serializable: sellingBy('serializable'),
  },
})
