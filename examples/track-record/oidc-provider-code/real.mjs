// An application redeems each of 30 codes twice at the same time. Usage: real.mjs [cured]
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { open } from './provider.mjs'
import { startRedis } from './redis.mjs'

const redis = await startRedis()
const client = new Redis(redis.url)
const { listener, issue, redeem } = open({
  client,
  isCured: process.argv[2] === 'cured',
  issuer: 'http://issuer.example',
})
const server = createServer(listener).listen(0, '127.0.0.1')
await new Promise((resolve) => server.once('listening', resolve))
const origin = `http://127.0.0.1:${server.address().port}`

let twice = 0
for (let round = 0; round < 30; round++) {
  const code = await issue()
  const answers = await Promise.all([redeem(origin, code), redeem(origin, code)])
  const tokens = new Set(answers.filter(({ status }) => status === 200).map((answer) => answer.access_token))
  if (tokens.size > 1) twice += 1
}
redis.stop()
console.log(twice > 0 ? `shown: of 30 codes, ${twice} were redeemed twice` : 'not shown: no code was redeemed twice')
process.exit(twice > 0 ? 1 : 0)
