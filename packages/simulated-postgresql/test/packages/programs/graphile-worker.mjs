import { Logger, makeWorkerUtils, run } from 'graphile-worker'

const logger = new Logger(() => () => {})
const connectionString = process.env.DATABASE_URL
const utils = await makeWorkerUtils({ connectionString, logger })
await utils.migrate()
await utils.migrate()
await utils.addJob('hello', { name: 'ann' }, { jobKey: 'ann', maxAttempts: 3, queueName: 'greetings' })
await utils.addJob('hello', { name: 'bob' }, { jobKey: 'ann' })
let done
const heard = new Promise((resolve) => {
  done = resolve
})
const runner = await run({
  connectionString,
  logger,
  noHandleSignals: true,
  taskList: { hello: (payload) => done(payload) },
})
console.log(await heard)
await runner.stop()
console.log(
  await utils.withPgClient(async (client) => (await client.query('select id from graphile_worker.jobs')).rows),
)
await utils.release()
