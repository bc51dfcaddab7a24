// A workload of requests for cached answers. Its model is violated if the server returns an answer that is too old.
const model = {
  name: 'answers',
  summary: 'no answer is too old',
  functions: ['ask'],
  reads: [],
  initial: 0,
  apply: () => [0, true],
  key: String,
}

// biome-ignore lint/style/noDefaultExport: it is how a file hands over its workload
export default {
  name: 'answers',
  summary: 'answers under two names',
  model,
  initial: 0,
  functions: ['ask'],
  settings: [],
  create: () => ({
    client: (random) => ({ next: () => ({ f: 'ask', key: `name-${random.integer(2)}`, value: true }) }),
  }),
}
