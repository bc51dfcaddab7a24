// Clients log in under two names; nobody is let through who is blocked.
const model = {
  name: 'logins',
  summary: 'nobody is let through who is blocked',
  functions: ['try'],
  reads: [],
  initial: 0,
  apply: () => [0, true],
  key: String,
}

// biome-ignore lint/style/noDefaultExport: it is how a file hands over its workload
export default {
  name: 'logins',
  summary: 'logins under two names',
  model,
  initial: 0,
  functions: ['try'],
  settings: [],
  create: () => ({
    client: (random) => ({ next: () => ({ f: 'try', key: `name-${random.integer(2)}`, value: true }) }),
  }),
}
