// Logins with a limit: a name that consumes more than four points in a second is blocked for 3 s. POST /logins/NAME
// consumes a point. Half of the logins have a wrong password, which costs a penalty of one point. Answers {"kept":
// true}, or false if the limiter allows the login although its name exceeded the limit in the last 3 s. PUNISH=consume:
// a wrong password consumes a second point instead.
import { createServer } from 'node:http'
import { RateLimiterMemory } from 'rate-limiter-flexible'

const [POINTS, BLOCK_S] = [4, 3]
const limiter = new RateLimiterMemory({ points: POINTS, duration: 1, blockDuration: BLOCK_S })
const exceeded = new Map()
const way = () => new Promise((next) => setTimeout(next, 1 + 3 * Math.random()))

/**
 * Notes the time until which a name that exceeded the limit must be blocked. This time is 5 ms early, because the
 * clocks may differ.
 */
function note(name, at, { consumedPoints }) {
  if (consumedPoints === POINTS + 1) exceeded.set(name, at + BLOCK_S * 1_000 - 5)
}

async function login(name) {
  const at = Date.now()
  const blocked = exceeded.get(name) > at
  try {
    const consumed = await limiter.consume(name)
    if (blocked) return false
    note(name, at, consumed)
  } catch (refused) {
    note(name, at, refused)
    return true
  }
  await way()
  if (Math.random() < 0.5) {
    const then = Date.now()
    const punish =
      process.env.PUNISH === 'consume' ? (key) => limiter.consume(key).catch((refused) => refused) : undefined
    note(name, then, await (punish?.(name) ?? limiter.penalty(name)))
  }
  return true
}

createServer(async ({ url }, response) => {
  const kept = await login(url.slice('/logins/'.length))
  response.end(JSON.stringify({ kept }))
}).listen(Number(process.env.PORT))
