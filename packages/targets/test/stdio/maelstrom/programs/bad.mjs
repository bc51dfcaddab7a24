import { error, self, send, serve } from './node.mjs'

// Breaks Maelstrom's protocol in the way that its argument names.

const [, , how] = process.argv
if (how === 'silent') {
  console.error('waiting for a lock')
  setInterval(() => {}, 1000)
} else if (how === 'exits') {
  console.error('no configuration found')
  process.exit(7)
} else {
  serve({
    topology: ({ topology }) =>
      topology[self()].length > 2 ? error(14, 'at most two neighbours') : { type: 'topology_ok' },
    generate(_, src) {
      const id = `${self()}-${Math.random()}`
      if (how === 'garbage') console.log('generating an id')
      if (how === 'stranger') send('n99', { type: 'hello' })
      if (how === 'dies' && self() === 'n2') process.exit(9)
      if (how === 'joins') return void process.stdout.write(JSON.stringify({ src: self(), dest: 'c1', body: {} }))
      if (how === 'error') return error(11, 'try later')
      if (how === 'shape') return { type: 'generate_ok' }
      if (how === 'type') return { type: 'generated', id }
      if (how === 'twice') return { type: 'generate_ok', id, again: src }
      return { type: 'generate_ok', id }
    },
    started() {
      if (how === 'flood')
        setInterval(() => {
          for (let n = 0; n < 20_000; n++) send('n2', { type: 'noise' })
        }, 0)
    },
  })
}
