// Makes concurrent deposits into one account. Usage: real.mjs [cured]
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { startPostgres } from '../postgres.mjs'
import { open } from './accounts.mjs'

const server = await startPostgres()
const client = new pg.Client(server.url)
await client.connect()
await client.query(readFileSync(new URL('schema.sql', import.meta.url), 'utf8'))
await client.end()

const { deposit, balance, close, isConflict } = await open(server.url, process.argv[2] === 'cured')
let done = 0
const depositor = async () => {
  for (let round = 0; round < 50; round++)
    try {
      await deposit('x')
      done += 1
    } catch (error) {
      if (!isConflict(error)) throw error
    }
}
await Promise.all([depositor(), depositor(), depositor(), depositor()])
const kept = await balance('x')
await close()
await server.stop()
const isShown = kept !== done
console.log(
  isShown ? `shown: ${done} deposits succeeded, the balance is ${kept}` : `not shown: ${done} deposits, all kept`,
)
process.exitCode = isShown ? 1 : 0
