// Clients ask nodes to become the leader of one of a few regions. A node that holds the lock of a region must succeed,
// so the answer false is a violation.
const model = {
  name: 'leaders',
  summary: 'the holder of the lock is entered',
  functions: ['lead'],
  reads: [],
  initial: 0,
  apply: () => [0, true],
  key: String,
}

// biome-ignore lint/style/noDefaultExport: it is how a file hands over its workload
export default {
  name: 'leaders',
  summary: 'elections in a few regions',
  model,
  initial: 0,
  functions: ['lead'],
  settings: [],
  create: () => ({
    client: (random) => ({ next: () => ({ f: 'lead', key: `region-${random.integer(2)}`, value: true }) }),
  }),
}
