// Clients work shifts in a few rooms. Only one client at a time may work in a room.
const model = {
  name: 'shifts',
  summary: 'one at a time in a room',
  functions: ['work'],
  reads: [],
  initial: 0,
  apply: () => [0, true],
  key: String,
}

// biome-ignore lint/style/noDefaultExport: it is how a file hands over its workload
export default {
  name: 'shifts',
  summary: 'shifts in a few rooms',
  model,
  initial: 0,
  functions: ['work'],
  settings: [],
  create: () => ({
    client: (random) => ({ next: () => ({ f: 'work', key: `room-${random.integer(6)}`, value: true }) }),
  }),
}
