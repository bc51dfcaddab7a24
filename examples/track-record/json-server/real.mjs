// Sends POST requests to json-server. The server is started as its README says, on a file that contains 5,000 posts.
// Usage: real.mjs [cured]. With `cured`, NODE_ENV is `production`.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const dir = mkdtempSync(join(tmpdir(), 'json-server-'))
const old = Array.from({ length: 5000 }, (_, i) => ({ id: `${i}`, title: 'old', body: 'x'.repeat(200) }))
writeFileSync(join(dir, 'db.json'), JSON.stringify({ posts: old }))
mkdirSync(join(dir, 'public'))

const free = createServer().listen(0, '127.0.0.1')
await new Promise((resolve) => free.once('listening', resolve))
const { port } = free.address()
await new Promise((resolve) => free.close(resolve))
const env = { ...process.env, NODE_ENV: process.argv[2] === 'cured' ? 'production' : 'development' }
const bin = join(import.meta.dirname, 'node_modules', 'json-server', 'lib', 'bin.js')
const server = spawn(process.execPath, [bin, '--port', port, 'db.json'], { cwd: dir, env, stdio: 'ignore' })
const url = `http://localhost:${port}/posts`
const answers = () =>
  fetch(url).then(
    () => true,
    () => false,
  )
while (!(await answers())) await wait(50)

const created = []
const headers = { 'content-type': 'application/json' }
async function post(title) {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ title }) })
  if (response.status === 201) created.push((await response.json()).title)
}
// The first post of a pair makes the watcher of json-server read the file, and the second post arrives up to 9 ms
// later. The watcher looks at the file at most once in 50 ms, so the pairs are more than 50 ms apart.
for (let i = 0; i < 150; i++) {
  await post(`${i} a`)
  await wait(i % 10)
  await post(`${i} b`)
  await wait(60)
}
await wait(500)
const kept = new Set((await (await fetch(url)).json()).map(({ title }) => title))
server.kill('SIGKILL')
rmSync(dir, { recursive: true, force: true })
const lost = created.filter((title) => !kept.has(title)).length
const said = `of ${created.length} posts that were answered with 201, ${lost} are gone`
console.log(lost > 0 ? `shown: ${said}` : `not shown: ${said}`)
process.exit(lost > 0 ? 1 : 0)
