// The server ends a connection in the middle of a transaction. Usage: real.mjs [cured]
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { startPostgres } from '../postgres.mjs'
import { open } from './shop.mjs'

const [mode, url] = process.argv.slice(2)
if (url === undefined) await parent()
else await sales()

async function sales() {
  const { sell, terminateOthers } = open(url, mode === 'cured')
  for (let round = 0; round < 20; round++) {
    await Promise.all([
      sell('x').catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, round)).then(terminateOthers).catch(() => {}),
    ])
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  process.exit(0)
}

async function parent() {
  const server = await startPostgres()
  const { query } = open(server.url, true)
  for (const statement of readFileSync(new URL('schema.sql', import.meta.url), 'utf8').split(';\n'))
    if (statement.trim() !== '') await query(statement)
  const stdio = ['ignore', 'ignore', 'pipe']
  const child = spawn(process.execPath, [process.argv[1], mode ?? 'plain', server.url], { stdio })
  let errors = ''
  child.stderr.on('data', (text) => {
    errors += text
  })
  const code = await new Promise((resolve) => child.once('exit', resolve))
  await server.stop()
  const reason = errors.match(/^\w*[eE]rror: .*/m)?.[0] ?? errors.slice(0, 200)
  console.log(code === 0 ? 'not shown: the program goes on' : `shown: the program ended with ${code}: ${reason}`)
  process.exit(code === 0 ? 0 : 1)
}
