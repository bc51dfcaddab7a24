// Sums, which a task of toad-scheduler writes to files every 10 ms. POST /sums/NAME adds 1, and is answered once a run
// of the task has stored the addition. GET /sums/NAME returns {"sum": N}. A run reads, adds and writes, so overlapping
// runs would lose additions: preventOverrun forbids them.
import { mkdirSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { AsyncTask, SimpleIntervalJob, ToadScheduler } from 'toad-scheduler'

mkdirSync('sums', { recursive: true })
const waiting = []
const sumOf = async (name) => Number(await readFile(`sums/${name}`, 'utf8').catch(() => '0'))

async function store() {
  for (const { name, stored } of waiting.splice(0)) {
    const sum = await sumOf(name)
    await writeFile(`sums/${name}.new`, `${sum + 1}`)
    await rename(`sums/${name}.new`, `sums/${name}`)
    stored()
  }
}
const scheduler = new ToadScheduler()
const preventOverrun = process.env.OVERRUN !== 'allowed'
scheduler.addSimpleIntervalJob(
  new SimpleIntervalJob({ milliseconds: 10 }, new AsyncTask('store', store), { preventOverrun }),
)

createServer(async ({ method, url }, response) => {
  const name = url.slice('/sums/'.length)
  if (method === 'GET') return response.end(JSON.stringify({ sum: await sumOf(name) }))
  await new Promise((stored) => waiting.push({ name, stored }))
  response.end()
}).listen(Number(process.env.PORT))
