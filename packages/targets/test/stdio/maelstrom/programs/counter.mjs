import { others, self, send, serve } from './node.mjs'

// Each node's additions are sent repeatedly, and merged by their maximum. With `wrong`, a node sends the sum of all
// additions as its own.

const wrong = process.argv[2] === 'wrong'
const adds = {}
const sum = () => Object.values(adds).reduce((total, n) => total + n, 0)

serve({
  started: () =>
    setInterval(() => {
      for (const node of others())
        send(node, wrong ? { type: 'merge', adds: { [self()]: sum() } } : { type: 'merge', adds })
    }, 200),
  add({ delta }) {
    adds[self()] = (adds[self()] ?? 0) + delta
    return { type: 'add_ok' }
  },
  merge(body) {
    for (const [node, n] of Object.entries(body.adds)) adds[node] = Math.max(adds[node] ?? 0, n)
  },
  read: () => ({ type: 'read_ok', value: sum() }),
})
