import { defineConfig } from 'chaosproxy'

const program = { entry: './server.ts', nodes: 3 }
const PRIMARY = 'http://{peer.n1}'

export default defineConfig({
  target: 'service:early',
  workload: { name: 'register', settings: { cas: 0 } },
  services: {
    early: { ...program, environment: { ANSWERS: 'early', PRIMARY } },
    durable: { ...program, environment: { ANSWERS: 'durable', PRIMARY } },
  },
})
