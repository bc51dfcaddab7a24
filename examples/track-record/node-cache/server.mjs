// Answers that a NodeCache keeps for at most a second. GET /answers/NAME answers {"kept": true}, or false if the cached
// answer is older.
import { createServer } from 'node:http'
import NodeCache from 'node-cache'

const cache = new NodeCache({ stdTTL: 1, checkperiod: 600 })

createServer(({ url }, response) => {
  const had = cache.get(url)
  if (had === undefined) cache.set(url, Date.now())
  // Allows 1 ms more, because the cache reads the clock earlier than this line.
  response.end(JSON.stringify({ kept: had === undefined || Date.now() - had <= 1_001 }))
}).listen(Number(process.env.PORT))
