import { loadService } from '@chaosproxy/node-simulator'
import { describe, expect, test } from 'vitest'
import { written } from '../../../testing/src/simulated.ts'

/**
 * Returns three lists for each line of a program: the state that the line reads, the state that the line changes, and
 * the state that was read earlier to compute values that the line uses.
 */
async function touchesIn(program: string): Promise<{ readonly [line: string]: string }> {
  const { program: loaded } = await loadService(written(program), 'lines')
  const names = (states: readonly { readonly name: string; readonly part?: string | undefined }[] = []) =>
    [...new Set(states.map(({ name, part }) => (part === undefined ? name : `${name}(${part})`)))].join(' ')
  const lines = program.split('\n')
  return Object.fromEntries(
    loaded.sites
      .filter(
        ({ kind, reads = [], writes = [], rests = [] }) =>
          kind !== 'await' && reads.length + writes.length + rests.length > 0,
      )
      .map(({ line, reads, writes, rests }) => [
        (lines[line - 1] ?? '').trim(),
        `${names(reads)} | ${names(writes)} | ${names(rests)}`,
      ]),
  )
}

describe("a line's effect on shared state", () => {
  test('a line that uses a shared collection affects shared state, even through an item in a local variable', async () => {
    expect(
      await touchesIn(`
const queues = new Map<string, number[]>()
const LIMIT = 5
function jobsOf(name: string): number[] {
  const jobs = queues.get(name) ?? []
  queues.set(name, jobs)
  return jobs
}
async function take(name: string) {
  const jobs = jobsOf(name)
  if (jobs.length > LIMIT) return
  const [job] = jobs
  await log(job)
  jobs.shift()
}
async function log(job: unknown) {
  const own = [job]
  own.push(1)
}
take('a')`),
    ).toEqual({
      'const jobs = queues.get(name) ?? []': 'queues |  | ',
      'queues.set(name, jobs)': 'queues | queues | queues',
      'return jobs': ' |  | queues',
      'if (jobs.length > LIMIT) return': 'queues |  | queues',
      'const [job] = jobs': ' |  | queues',
      'await log(job)': ' |  | queues',
      'jobs.shift()': 'queues | queues | queues',
    })
  })

  test('a line that calls a server affects the state named by the first argument, such as a Redis key', async () => {
    expect(
      await touchesIn(`
import Redis from 'ioredis'
const redis = new Redis()
async function book(seat: string) {
  const key = \`seat:\${seat}\`
  const count = Number(await redis.get(key))
  await redis.set(key, count + 1)
  await redis.del(\`lock:\${seat}\`)
}
book('a')`),
    ).toEqual({
      'const count = Number(await redis.get(key))': 'redis(seat:{}) |  | ',
      'await redis.set(key, count + 1)': 'redis(seat:{}) | redis(seat:{}) | redis(seat:{})',
      'await redis.del(`lock:${seat}`)': 'redis(lock:{}) | redis(lock:{}) | ',
    })
  })

  test('a line with an SQL query is only a read if its statement is a SELECT', async () => {
    expect(
      await touchesIn(`
import pg from 'pg'
const pool = new pg.Pool()
async function rename(id: string) {
  await pool.query('select name from people where id = $1', [id])
  await pool.query('delete from people where id = $1', [id])
}
rename('a')`),
    ).toEqual({
      "await pool.query('select name from people where id = $1', [id])":
        'pool(select name from people where id = $1) |  | ',
      "await pool.query('delete from people where id = $1', [id])":
        'pool(delete from people where id = $1) | pool(delete from people where id = $1) | ',
    })
  })

  test('a line that calls a method of its own class has the effect of that method', async () => {
    expect(
      await touchesIn(`
import Redis from 'ioredis'
class Visits {
  store = new Redis()
  async number(page: string) {
    return Number(await this.store.get(\`visits:\${page}\`))
  }
  async count(page: string) {
    const next = (await this.number(page)) + 1
    await this.store.set(\`visits:\${page}\`, next)
  }
}
new Visits().count('a')`),
    ).toEqual({
      'return Number(await this.store.get(`visits:${page}`))': 'this.store(visits:{}) |  | ',
      'await this.store.set(`visits:${page}`, next)':
        'this.store(visits:{}) | this.store(visits:{}) | this.store(visits:{})',
    })
  })

  test('a line affects shared state through a shared counter, a class member, a file or an enclosing variable', async () => {
    expect(
      await touchesIn(`
import { readFile, writeFile } from 'node:fs/promises'
let served = 0
class Shop {
  #seats = new Map<string, string>()
  book(seat: string) {
    served++
    this.#seats.delete(seat)
  }
}
async function save() {
  const text = await readFile('db.json', 'utf8')
  await writeFile('db.json', text + 'x')
}
function application() {
  const open = { count: 0 }
  return () => {
    open.count += 1
  }
}
save(); application()(); new Shop().book('a')`),
    ).toEqual({
      'served++': 'served | served | ',
      'this.#seats.delete(seat)': 'this.seats | this.seats | ',
      "const text = await readFile('db.json', 'utf8')": 'files |  | ',
      "await writeFile('db.json', text + 'x')": ' | files | files',
      'open.count += 1': 'open | open | ',
    })
  })
})
