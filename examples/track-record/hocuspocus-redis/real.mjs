// Two instances edit each document at the same time, and then wait until it is stored. Usage: real.mjs [cured]
import { Redis } from 'ioredis'
import { lines, open, storageIn } from './editor.mjs'
import { startRedis } from './redis.mjs'

const redis = await startRedis()
const storage = storageIn(new Redis(redis.url))
const isCured = process.argv[2] === 'cured'
const instance = () => open({ host: '127.0.0.1', port: redis.port, storage, isCured })
const [one, other] = [instance(), instance()]

const rounds = 10
const names = Array.from({ length: rounds }, (_, round) => `document-${round}`)
await Promise.all(
  names.flatMap((name, round) => [
    one.edit(name, 'of one'),
    // The second instance edits while the first one stores its line.
    new Promise((resolve) => setTimeout(resolve, round)).then(() => other.edit(name, 'of the other')),
  ]),
)
// Documents are stored 2 s after the last change at the latest, and unloaded 1 s later.
await new Promise((resolve) => setTimeout(resolve, 5_000))
const stored = await Promise.all(names.map(async (name) => lines(await storage.load(name))))
const lost = stored.filter((count) => count < 2).length
redis.stop()
console.log(
  lost > 0
    ? `shown: of ${rounds} documents with two lines, ${lost} are stored with one`
    : `not shown: all ${rounds} documents are stored with both lines`,
)
process.exit(lost > 0 ? 1 : 0)
