// Clients send an order again and again. However often they do, it is carried out once.
const model = {
  name: 'orders',
  summary: 'each order is carried out once',
  functions: ['order'],
  reads: [],
  initial: 0,
  apply: () => [1, 1],
  key: String,
}

// biome-ignore lint/style/noDefaultExport: it is how a file hands over its workload
export default {
  name: 'orders',
  summary: 'a few orders, many times each',
  model,
  initial: 0,
  functions: ['order'],
  settings: [{ name: 'keys', summary: 'how many orders there are', default: 5, min: 1, max: 20 }],
  create: ({ keys }) => ({
    client: (random) => ({ next: () => ({ f: 'order', key: `order-${random.integer(Number(keys))}`, value: true }) }),
  }),
}
