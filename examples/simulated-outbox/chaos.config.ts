import { defineConfig } from 'chaosproxy'

const program = { entry: './server.ts', nodes: 3 }
const OWNER = 'http://{peer.n1}'

export default defineConfig({
  target: 'service:once',
  faults: ['partition'],
  expect: 'eventual',
  workload: { name: 'register', settings: { cas: 0 } },
  services: {
    once: { ...program, environment: { TELLS: 'once', OWNER } },
    outbox: { ...program, environment: { TELLS: 'outbox', OWNER } },
  },
})
