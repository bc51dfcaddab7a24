// Two clients of a redis-server sell a seat. The connection of the first breaks between its WATCH and its transaction, while the
// second sells. Usage: real.mjs [cured]
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Redis from 'ioredis'

const isCured = process.argv[2] === 'cured'
const port = await new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => resolve(port))
  })
})
const dir = mkdtempSync(join(tmpdir(), 'real-'))
const child = spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', dir], {
  stdio: 'ignore',
})

async function main() {
  const [first, second] = [1, 2].map(() => new Redis(port, '127.0.0.1').on('error', () => {}))
  for (const end = Date.now() + 20_000; Date.now() < end; await wait(50))
    if (await second.ping().catch(() => false)) break
  const script = `if (redis.call('get', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
    redis.call('set', KEYS[1], ARGV[1] + 1) return 1`

  if (!isCured) await first.watch('seats')
  const sold = Number(await first.get('seats'))
  await second.client('KILL', 'ID', await first.client('ID'))
  await second.incr('seats')
  const done = isCured
    ? (await first.eval(script, 1, 'seats', sold)) === 1
    : (await first
        .multi()
        .set('seats', sold + 1)
        .exec()) !== null
  const now = Number(await second.get('seats'))
  const confirmed = done ? 2 : 1
  if (now !== confirmed) console.log(`shown: ${confirmed} sales were confirmed, and ${now} seat is sold`)
  return now === confirmed ? 0 : 1
}

const code = await main().finally(() => child.kill('SIGKILL'))
process.exit(code)
