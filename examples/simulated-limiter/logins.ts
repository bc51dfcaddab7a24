// The requests of the clients, and the answers that the limiter may give: it admits at most five logins of each name.
// A run is shorter than the limiter's window of one hour.
// biome-ignore lint/correctness/noUndeclaredDependencies: types only, of the program that reads this file
import type { Model, WorkloadModule } from 'chaosproxy'

const MOST = 5

const model: Model<number> = {
  name: 'limiter',
  summary: `admits ${MOST}`,
  functions: ['try'],
  reads: [],
  initial: 0,
  apply: (admitted) => (admitted < MOST ? [admitted + 1, true] : [admitted, false]),
  key: String,
}

const workload: WorkloadModule = {
  name: 'logins',
  summary: 'logins by a few names',
  model,
  initial: 0,
  functions: ['try'],
  settings: [{ name: 'keys', summary: 'how many names there are', default: 3, min: 1, max: 100 }],
  create: ({ keys }) => ({
    client: (random) => ({ next: () => ({ f: 'try', key: `user-${random.integer(Number(keys))}`, value: true }) }),
  }),
}

// biome-ignore lint/style/noDefaultExport: it is how a file hands over its workload
export default workload
