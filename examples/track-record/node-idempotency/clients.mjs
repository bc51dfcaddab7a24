// Clients that send each charge three times, as if they got no answer: twice at the same time, and once more
// afterwards.
// biome-ignore lint/correctness/noUndeclaredDependencies: the command that runs this is its own library
import { defineClient } from 'chaosproxy'

let sent = 0

// biome-ignore lint/style/noDefaultExport: clients are a default export
export default defineClient({
  functions: ['read', 'add'],
  open: ({ host, port }) => {
    const name = `${host} ${Math.random()}`
    return {
      async invoke({ f, key }, signal) {
        const url = `http://${host}:${port}/accounts/${key}`
        if (f === 'read') return (await (await fetch(url, { signal })).json()).charged
        const headers = { 'idempotency-key': `${name} ${++sent}` }
        const charge = async () => (await fetch(url, { method: 'POST', headers, signal })).status
        const statuses = [...(await Promise.allSettled([charge(), charge()])).map(({ value }) => value), await charge()]
        if (!statuses.includes(200)) throw new Error(`nobody says that it was charged: ${statuses.join(', ')}`)
        return 1
      },
    }
  },
})
