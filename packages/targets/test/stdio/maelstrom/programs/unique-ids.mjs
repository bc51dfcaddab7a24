import { self, serve } from './node.mjs'

let n = 0
const wrong = process.argv[2] === 'wrong'
serve({ generate: () => ({ type: 'generate_ok', id: wrong ? ++n : `${self()}-${++n}` }) })
