// Answers that may be a second old, in a NodeCache. GET /answers/NAME answers {"kept": true}, or false if what the cache gave was
// older.
import { createServer } from 'node:http'
import NodeCache from 'node-cache'

const cache = new NodeCache({ stdTTL: 1, checkperiod: 600 })

createServer(({ url }, response) => {
  const had = cache.get(url)
  if (had === undefined) cache.set(url, Date.now())
  // The cache may look at the clock a moment before this.
  response.end(JSON.stringify({ kept: had === undefined || Date.now() - had <= 1_001 }))
}).listen(Number(process.env.PORT))
