// Clients pay and cancel orders. An order that is paid stays paid, and one that is cancelled is gone.
const model = {
  name: 'orders',
  summary: 'each order is either paid, once, or cancelled',
  functions: ['pay', 'cancel'],
  reads: [],
  initial: 'open',
  apply(state, { f }) {
    if (f === 'pay') return state === 'open' ? ['paid', true] : [state, false]
    return state === 'paid' ? [state, false] : ['cancelled', true]
  },
  key: String,
}

// biome-ignore lint/style/noDefaultExport: it is how a file hands over its workload
export default {
  name: 'orders',
  summary: 'payments and cancellations of a few orders',
  model,
  initial: 'open',
  functions: ['pay', 'cancel'],
  settings: [{ name: 'keys', summary: 'how many orders there are', default: 20, min: 1, max: 20 }],
  create: ({ keys }) => ({
    client: (random) => ({
      next: () => ({
        f: random.integer(2) === 0 ? 'pay' : 'cancel',
        key: `order-${random.integer(Number(keys))}`,
        value: true,
      }),
    }),
  }),
}
