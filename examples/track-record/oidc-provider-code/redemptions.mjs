// Clients redeem codes; each code may be redeemed once.
const model = {
  name: 'single use',
  summary: 'each key is granted once',
  functions: ['redeem'],
  reads: [],
  initial: false,
  apply: (isUsed) => [true, !isUsed],
  key: String,
}

// biome-ignore lint/style/noDefaultExport: it is how a file hands over its workload
export default {
  name: 'redemptions',
  summary: 'redemptions of a few codes',
  model,
  initial: false,
  functions: ['redeem'],
  settings: [{ name: 'keys', summary: 'how many codes there are', default: 8, min: 1, max: 8 }],
  create: ({ keys }) => ({
    client: (random) => ({ next: () => ({ f: 'redeem', key: `code-${random.integer(Number(keys))}`, value: true }) }),
  }),
}
