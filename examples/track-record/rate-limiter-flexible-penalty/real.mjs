// A limit of four points a second, and a block of 3 s above it. A penalty raises Ann from four to five points.
// Usage: real.mjs [cured]
import { setTimeout as later } from 'node:timers/promises'
import { RateLimiterMemory } from 'rate-limiter-flexible'

const limiter = new RateLimiterMemory({ points: 4, duration: 1, blockDuration: 3 })
const isLetThrough = () =>
  limiter.consume('ann').then(
    () => true,
    () => false,
  )

for (let login = 0; login < 4; login++) await limiter.consume('ann')
const punish = () =>
  process.argv[2] === 'cured' ? limiter.consume('ann').catch((refused) => refused) : limiter.penalty('ann')
const { consumedPoints } = await punish()
const afterwards = await isLetThrough()
await later(1_200)
const again = await isLetThrough()
if (again)
  console.log(
    `shown: ${consumedPoints} of 4 points are consumed, a login is ${afterwards ? 'let through' : 'refused'}, and 1.2 s later one is let through`,
  )
process.exit(again ? 1 : 0)
