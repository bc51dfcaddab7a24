// Answers that may be 50 ms old, in a TTLCache. GET /answers/NAME answers {"kept": true}, or false if what the cache gave was
// older. CHECK=age: the cache looks at the age of what it gives (checkAgeOnGet).
import { createServer } from 'node:http'
import { TTLCache } from '@isaacs/ttlcache'

const TTL_MS = 50
const cache = new TTLCache({ ttl: TTL_MS, checkAgeOnGet: process.env.CHECK === 'age' })

createServer(({ url }, response) => {
  const had = cache.get(url)
  if (had === undefined) cache.set(url, performance.now())
  // The cache may round a time up to the next millisecond.
  response.end(JSON.stringify({ kept: had === undefined || performance.now() - had < TTL_MS + 2 }))
}).listen(Number(process.env.PORT))
