import { others, send, serve } from './node.mjs'

// With `wrong`, an element is sent only once, when it is added.

const wrong = process.argv[2] === 'wrong'
const elements = new Set()
const tell = (list) => {
  for (const node of others()) send(node, { type: 'merge', list })
}

serve({
  started: () => wrong || setInterval(() => tell([...elements]), 300),
  add({ element }) {
    elements.add(element)
    if (wrong) tell([element])
    return { type: 'add_ok' }
  },
  merge({ list }) {
    for (const element of list) elements.add(element)
  },
  read: () => ({ type: 'read_ok', value: [...elements] }),
})
