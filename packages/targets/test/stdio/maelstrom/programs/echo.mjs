import { serve } from './node.mjs'

let n = 0
serve({
  echo: ({ echo }) => ({ type: 'echo_ok', echo: process.argv[2] === 'wrong' && ++n % 10 === 0 ? 'pardon?' : echo }),
})
