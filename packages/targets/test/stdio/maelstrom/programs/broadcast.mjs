import { others, request, serve } from './node.mjs'

// With `wrong`, each message is sent to the other nodes only once, so a partition loses it.

const seen = new Set()
const retries = process.argv[2] !== 'wrong'

async function tell(node, message) {
  while ((await request(node, { type: 'gossip', message }, 500)) === undefined && retries);
}

function take(message) {
  if (seen.has(message)) return
  seen.add(message)
  for (const node of others()) void tell(node, message)
}

serve({
  topology: () => ({ type: 'topology_ok' }),
  broadcast({ message }) {
    take(message)
    return { type: 'broadcast_ok' }
  },
  gossip({ message }) {
    seen.add(message)
    return { type: 'gossip_ok' }
  },
  read: () => ({ type: 'read_ok', messages: [...seen] }),
})
