// Clients make calls; none is refused below the limit.
const model = {
  name: 'calls',
  summary: 'no call is refused without reason',
  functions: ['call'],
  reads: [],
  initial: 0,
  apply: () => [0, true],
  key: String,
}

// biome-ignore lint/style/noDefaultExport: it is how a file hands over its workload
export default {
  name: 'calls',
  summary: 'calls under two names',
  model,
  initial: 0,
  functions: ['call'],
  settings: [],
  create: () => ({
    client: (random) => ({ next: () => ({ f: 'call', key: `name-${random.integer(2)}`, value: true }) }),
  }),
}
