// An object is overwritten again and again while it is read. Usage: real.mjs [cured]
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from './objects.mjs'

const directory = mkdtempSync(join(tmpdir(), 's3rver-'))
const server = createServer(await open(directory, process.argv[2] === 'cured')).listen(0, '127.0.0.1')
await new Promise((resolve) => server.once('listening', resolve))
const url = `http://127.0.0.1:${server.address().port}/bucket/object`
const SIZE = 200_000
const put = (letter) => fetch(url, { method: 'PUT', body: letter.repeat(SIZE) }).then((answer) => answer.text())
await put('a')

let [reads, partial] = [0, 0]
let isOver = false
const readOnce = () =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, (answer) => {
      let text = ''
      answer
        .setEncoding('latin1')
        .on('data', (part) => {
          text += part
        })
        .on('end', () => resolve(text))
        .on('error', reject)
    }).on('error', reject)
  })
const reader = async () => {
  while (!isOver) {
    const text = await readOnce().catch(() => 'broken off')
    reads += 1
    if (text.length !== SIZE || text !== text[0].repeat(SIZE)) partial += 1
  }
}
const readers = [reader(), reader()]
for (let i = 0; i < 100; i++) await put(i % 2 === 0 ? 'b' : 'a')
isOver = true
await Promise.all(readers)
rmSync(directory, { recursive: true, force: true })
const said = `${partial} of ${reads} reads had neither the old object nor the new one`
console.log(partial > 0 ? `shown: ${said}` : `not shown: ${said}`)
process.exit(partial > 0 ? 1 : 0)
