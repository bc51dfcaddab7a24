import { defineConfig } from 'chaosproxy'

const program = { entry: './server.ts', nodes: 1 }

export default defineConfig({
  target: 'service:aside',
  faults: [],
  workload: { name: 'register', settings: { cas: 0 } },
  services: {
    aside: { ...program, environment: { CACHE: 'aside' } },
    leased: { ...program, environment: { CACHE: 'leased' } },
  },
})
