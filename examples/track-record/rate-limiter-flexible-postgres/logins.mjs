// Logins under three names. At most five logins of each name are admitted, because a run is shorter than the window of
// an hour.
const MOST = 5

const model = {
  name: 'limiter',
  summary: `admits ${MOST}`,
  functions: ['try'],
  reads: [],
  initial: 0,
  apply: (admitted) => (admitted < MOST ? [admitted + 1, true] : [admitted, false]),
  key: String,
}

// biome-ignore lint/style/noDefaultExport: it is how a file hands over its workload
export default {
  name: 'logins',
  summary: 'logins by a few names',
  model,
  initial: 0,
  functions: ['try'],
  settings: [],
  create: () => ({
    client: (random) => ({ next: () => ({ f: 'try', key: `user-${random.integer(3)}`, value: true }) }),
  }),
}
