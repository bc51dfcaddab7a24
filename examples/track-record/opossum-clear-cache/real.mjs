// A load is under way when the profile is changed and the cache is cleared. Usage: real.mjs [cured]
import { setTimeout as later } from 'node:timers/promises'
import CircuitBreaker from 'opossum'

const cacheTTL = process.argv[2] === 'cured' ? 20 : 0
let database = 'before'
async function load() {
  const name = database
  await later(100)
  return name
}
const breaker = new CircuitBreaker(load, { cache: true, cacheTTL, cacheGetKey: () => 'profile' })

const reader = breaker.fire()
await later(50)
database = 'after'
breaker.clearCache()
await reader
await later(1_000)
const found = await breaker.fire()
if (found !== 'after') console.log(`shown: a second after the change and clearCache(), the breaker answers "${found}"`)
process.exit(found === 'after' ? 0 : 1)
